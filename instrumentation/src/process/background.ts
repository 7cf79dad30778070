import { perProcess } from "./per-process.ts";

/** Work that should end before the process does: closes of reservations, tenants being found. */
export const background = perProcess("background", () => new Set<Promise<unknown>>());

/** What gives back, before the process ends, what it holds for work to come: leases. */
export const beforeEnd = perProcess("before-end", () => new Set<() => void>());

/** Lets the end of the process wait for some work; what it resolves with. The work never rejects. */
export function inBackground<T>(work: Promise<T>): Promise<T> {
  const pending = background();
  const done = work.finally(() => pending.delete(done));
  pending.add(done);
  return done;
}
