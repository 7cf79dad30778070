import type { ServedRequest } from "../holder.ts";

/** The token of `Authorization: Bearer ...` (RFC 6750, section 2.1); undefined: there is none. */
export function bearerToken({ headers }: ServedRequest): string | undefined {
  return /^Bearer +([^ ]+)$/i.exec(headers.authorization ?? "")?.[1];
}
