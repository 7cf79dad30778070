import { activeRoute } from "../open-telemetry/app-api.ts";
import type { Holder, ServedRequest } from "../tenant/holder.ts";
import { mountPattern } from "./express-mounts.ts";
import type { ExpressApp } from "./express-mounts.ts";

/** A route is a label: longer ones are cut. */
const ROUTE_LENGTH_MAX = 256;

/** What Express leaves on a request it has routed. */
interface RoutedRequest extends ServedRequest {
  readonly app?: ExpressApp;
  readonly baseUrl?: unknown;
  readonly route?: { readonly path?: unknown } | null;
}

/**
 * The request's route pattern (`/users/:id`): as the app or Fastify named it, else Express', else from an active instrumentation of the
 * app's own tracing; undefined where nobody knows it. Asked when the response closes, which happens in the context that ended it.
 * A label, never part of a total, and never the path itself: that has values in it.
 */
export function routeOf(holder: Holder, request: ServedRequest): string | undefined {
  return (holder.route ?? expressRoute(request) ?? activeRoute())?.slice(0, ROUTE_LENGTH_MAX);
}

function expressRoute({ app, baseUrl, route }: RoutedRequest): string | undefined {
  const path = route?.path;
  if (!route || (typeof path !== "string" && !(path instanceof RegExp) && !Array.isArray(path))) return undefined;
  return `${typeof baseUrl === "string" ? mountPattern(app, route, baseUrl) : ""}${String(path)}`;
}
