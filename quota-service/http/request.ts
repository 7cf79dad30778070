import type { IncomingHttpHeaders } from "node:http";

/** A request as handlers see it, whatever serves it. */
export interface ApiRequest {
  /** By the names in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** A field that is named several times is a list. */
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** By names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly clientAddress: string | null;
  /** What the body's JSON says; undefined where there is none. */
  readonly body: unknown;
}

/** A parameter of the path, by its name in the template. */
export function pathParameter({ params }: ApiRequest, name: string): string {
  return params[name] ?? "";
}
