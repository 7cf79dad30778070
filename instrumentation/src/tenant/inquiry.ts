import { warnOnce } from "../process/warn.ts";

/** How long work waits for a resolver's promise. What is recorded then has no tenant: late, but never lost. */
const WAIT_MS = 5_000;

/** A resolver's promise, followed. */
export interface Inquiry {
  /** The answer; undefined while there is none. An answer that comes after the wait still counts for what is recorded later. */
  found: string | null | undefined;
  /** Settles with the answer or after 5 s with null, whichever is first; never rejects. */
  readonly settled: Promise<string | null>;
}

/** Follows what a resolver promised. `accept` judges its answer. */
export function inquire(promised: PromiseLike<unknown>, accept: (id: unknown) => string | null): Inquiry {
  let patience: NodeJS.Timeout | undefined;
  const gaveUp = new Promise<null>((resolve) => {
    patience = setTimeout(() => {
      warnOnce("QUOTEL_TENANT_SLOW", `a tenant resolver did not answer within ${WAIT_MS / 1000} s: no tenant`);
      resolve(null);
    }, WAIT_MS).unref();
  });
  const answered = Promise.resolve(promised)
    .then(accept)
    .catch((err: unknown) => {
      warnOnce("QUOTEL_TENANT_RESOLVER", `the tenant resolver failed: ${String(err)}`);
      return null;
    })
    .then((id) => {
      clearTimeout(patience);
      inquiry.found = id;
      return id;
    });
  const inquiry: Inquiry = { found: undefined, settled: Promise.race([answered, gaveUp]) };
  return inquiry;
}
