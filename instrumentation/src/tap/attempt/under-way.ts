import { AsyncLocalStorage } from "node:async_hooks";

const passedOn = new AsyncLocalStorage<true>();

/** Runs a `fetch` that a tap has looked at and passes on. */
export function passOn<T>(send: () => T): T {
  return passedOn.run(true, send);
}

/** Whether what runs now belongs to a `fetch` that a tap has passed on, as its redirects do. */
export function isPassedOn(): boolean {
  return passedOn.getStore() === true;
}

/** Attempts that are being metered, by host. */
const attempts = new Map<string, number>();

export function attemptBegins(host: string): void {
  attempts.set(host, (attempts.get(host) ?? 0) + 1);
}

export function attemptEnds(host: string): void {
  const left = (attempts.get(host) ?? 0) - 1;
  if (left > 0) attempts.set(host, left);
  else attempts.delete(host);
}

/** Whether a call to a host (name and port) is being metered right now. */
export function isMeteredNow(host: string): boolean {
  return attempts.has(host);
}
