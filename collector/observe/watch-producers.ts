import type { Producers } from "#database/health/read-producers";
import type { Metrics } from "./metrics.ts";

/** Shows producers as they were seen last; every collector shows all of them. */
export function watchProducers(metrics: Metrics): { readonly see: (producers: Producers) => void } {
  let seen: Producers | null = null;
  const watch = (name: string, help: string, of: (producers: Producers) => number | null): void =>
    metrics.watch(`producer_${name}`, `${help}; of producers heard in five minutes`, () => (seen ? of(seen) : null));
  watch("runs_heard", "Runs of producers", ({ heard }) => heard);
  watch("records_lost", "Records missing in their numbering, or told to be lost", ({ recordsLost }) => recordsLost);
  watch("records_waiting", "Records that they have told to hold back", ({ recordsWaiting }) => recordsWaiting);
  watch("fail_open", "Allowed without the quota service, since they started", ({ failOpen }) => failOpen);
  watch("fail_closed", "Denied without the quota service, since they started", ({ failClosed }) => failClosed);
  watch("complete_age_seconds", "Since when the one furthest behind is incomplete", ({ completeAgeMs }) =>
    completeAgeMs === null ? null : completeAgeMs / 1000,
  );
  return { see: (producers) => void (seen = producers) };
}
