import { runtime } from "../process/runtime.ts";
import type { Holder } from "./holder.ts";
import { findTenant } from "./resolve.ts";

/**
 * Calls `use` once, with the holder's tenant: now where it is known, else as soon as the resolver has found it or has taken too
 * long. A flush waits for that; a process that ends sooner uses null, because late usage without a tenant beats none.
 */
export function whenTenantKnown(holder: Holder, use: (tenantId: string | null) => void): void {
  const found = findTenant(holder);
  if (!(found instanceof Promise)) return use(found);
  const { undecided, background } = runtime();
  const settle = (tenantId: string | null) => {
    if (undecided.delete(atEnd)) use(tenantId);
  };
  const atEnd = () => settle(null);
  undecided.add(atEnd);
  const done = found.then(settle).finally(() => background.delete(done));
  background.add(done);
}

/** For the end of the process: nothing asynchronous happens any more. */
export function settleUndecided(): void {
  for (const settle of runtime().undecided) settle();
}
