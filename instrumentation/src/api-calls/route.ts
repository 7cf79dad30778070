import { activeRoute } from "../open-telemetry/app-api.ts";
import type { Holder, ServedRequest } from "../tenant/holder.ts";

/** A route is a label: longer ones are cut. */
const ROUTE_LENGTH_MAX = 256;

/** What Express leaves on a request it has routed. */
interface RoutedRequest extends ServedRequest {
  readonly baseUrl?: unknown;
  readonly route?: { readonly path?: unknown } | null;
  readonly params?: Readonly<Record<string, unknown>>;
}

/**
 * The request's route pattern (`/users/:id`): as the app or Fastify named it, else Express', else from an active instrumentation of the
 * app's own tracing; undefined where nobody knows it. Asked when the response closes, which happens in the context that ended it.
 * A label, never part of a total, and never the path itself: that has values in it.
 */
export function routeOf(holder: Holder, request: ServedRequest): string | undefined {
  return (holder.route ?? expressRoute(request) ?? activeRoute())?.slice(0, ROUTE_LENGTH_MAX);
}

function expressRoute(request: RoutedRequest): string | undefined {
  const path = request.route?.path;
  if (typeof path !== "string" && !(path instanceof RegExp) && !Array.isArray(path)) return undefined;
  const { baseUrl, params = {} } = request;
  const route = String(path);
  return `${typeof baseUrl === "string" ? mountPattern(baseUrl, route, params) : ""}${route}`;
}

/**
 * `baseUrl` is what a mount path (`/orgs/:org`) matched, values and all. Parameters that are not the route's own are the mount
 * path's: their values become their names.
 */
function mountPattern(baseUrl: string, route: string, params: Readonly<Record<string, unknown>>): string {
  const mounted = Object.entries(params).filter(([name]) => !route.includes(`:${name}`));
  if (mounted.length === 0) return baseUrl;
  return baseUrl
    .split("/")
    .map((segment) => {
      const param = mounted.find(([, value]) => typeof value === "string" && encodeURIComponent(value) === segment);
      return param === undefined ? segment : `:${param[0]}`;
    })
    .join("/");
}
