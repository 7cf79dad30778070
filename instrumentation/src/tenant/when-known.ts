import { inBackground } from "../process/background.ts";
import { perProcess } from "../process/per-process.ts";
import type { Holder } from "./holder.ts";
import { findTenant } from "./resolve.ts";

/** Records that wait for their tenants; each is made, without one, when it is called. */
const undecidedRecords = perProcess("undecided", () => new Set<() => void>());

/**
 * Calls `use` once, with the holder's tenant: now where it is known, else as soon as the resolver has found it or has taken too
 * long. A flush waits for that; a process that ends sooner uses null, because late usage without a tenant beats none.
 */
export function whenTenantKnown(holder: Holder, use: (tenantId: string | null) => void): void {
  const found = findTenant(holder);
  if (!(found instanceof Promise)) return use(found);
  const undecided = undecidedRecords();
  const settle = (tenantId: string | null) => {
    if (undecided.delete(atEnd)) use(tenantId);
  };
  const atEnd = () => settle(null);
  undecided.add(atEnd);
  void inBackground(found.then(settle));
}

/** For the end of the process: nothing asynchronous happens any more. */
export function settleUndecided(): void {
  for (const settle of undecidedRecords()) settle();
}
