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
