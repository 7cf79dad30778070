import type { IncomingMessage } from "node:http";

/** What Express leaves on a request it has routed. */
interface RoutedRequest {
  readonly baseUrl?: unknown;
  readonly route?: { readonly path?: unknown } | null;
}

/** Express' route pattern (`/users/:id`), mount path included; undefined elsewhere. A label, never part of a total. */
export function routeOf(request: IncomingMessage): string | undefined {
  const { baseUrl, route } = request as RoutedRequest;
  const path = route?.path;
  if (typeof path !== "string" && !(path instanceof RegExp) && !Array.isArray(path)) return undefined;
  return `${typeof baseUrl === "string" ? baseUrl : ""}${String(path)}`.slice(0, 256);
}
