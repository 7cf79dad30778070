import { ATTR_SERVICE_NAME, HEARTBEAT_COUNTERS, HEARTBEAT_PREFIX } from "@quotel/conventions";
import type { HeartbeatCounter } from "@quotel/conventions";
import type { HeartbeatCounters } from "#database/health/note-heartbeats";
import { cleanLabel } from "#database/record/clean-text";
import type { DecodedSpan } from "../decode/decoded-span.ts";

/** What a producer says of itself. */
export interface ToldCounters {
  /** `service.name` of its resource; null = it has none. */
  readonly service: string | null;
  readonly counters: HeartbeatCounters;
}

/** No process comes near it; sums of what any number of senders claim stay far from 2^63. */
const COUNT_MAX = 1_000_000_000_000;

/** What a span that is no event tells of its sender, if it is a heartbeat. A counter that is no count is left out. */
export function heartbeatOf(span: DecodedSpan): ToldCounters | null {
  const counters: Partial<Record<HeartbeatCounter, number>> = {};
  for (const counter of HEARTBEAT_COUNTERS) {
    const count = span.attributes.get(HEARTBEAT_PREFIX + counter);
    if (typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= COUNT_MAX) {
      counters[counter] = count;
    }
  }
  if (Object.keys(counters).length === 0) return null;
  const service = span.resource.get(ATTR_SERVICE_NAME);
  return { service: typeof service === "string" && service !== "" ? cleanLabel(service) : null, counters };
}
