/** What is read of an Express app: its routers, of version 4 and 5, tell which paths they are mounted at only by matching. */
export interface ExpressApp {
  /** Where a sub-app is mounted, in patterns; "" for the app itself. */
  path(): string;
  readonly _router?: Router;
  readonly router?: Router;
}

interface Router {
  readonly stack?: readonly Layer[];
}

/** One entry of a router: a route, or what is mounted at a path, another router among it. */
interface Layer {
  readonly route?: object;
  readonly handle?: Router;
  /** Mounted at `/`. */
  readonly slash?: boolean;
  /** Express 5. */
  readonly matchers?: readonly ((path: string) => Match | false)[];
  /** Express 4. */
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
}

interface Match {
  readonly path: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Mount paths that were found to have no values in them, by route: there are as many as the app has mounts. */
const withoutValues = new WeakMap<object, Set<string>>();

/**
 * The pattern of a mount path: `/orgs/:org` for the `baseUrl` `/orgs/umbrella`, from which its route was reached. What cannot be
 * told apart from values is `*`: they are not ours to record.
 */
export function mountPattern(app: ExpressApp | undefined, route: object, baseUrl: string): string {
  if (baseUrl === "" || withoutValues.get(route)?.has(baseUrl) === true) return baseUrl;
  const pattern = patternOf(app, route, baseUrl) ?? "*";
  if (pattern === baseUrl) withoutValues.set(route, (withoutValues.get(route) ?? new Set()).add(baseUrl));
  return pattern;
}

function patternOf(app: ExpressApp | undefined, route: object, baseUrl: string): string | undefined {
  try {
    const mount = app?.path() ?? "";
    if (app === undefined || !/^[\w./~-]*$/.test(mount) || !baseUrl.startsWith(mount)) return undefined;
    const { _router: ofVersion4 } = app; // asked first: there the other one throws
    const below = patternBelow(ofVersion4 ?? app.router, route, baseUrl.slice(mount.length));
    return below === undefined ? undefined : mount + below;
  } catch {
    return undefined; // another Express than we know
  }
}

/** Looks for a route below a router, along the mounts whose paths make up `rest`. */
function patternBelow(router: Router | undefined, route: object, rest: string): string | undefined {
  for (const layer of router?.stack ?? []) {
    if (rest === "" && layer.route === route) return "";
    const match = layer.handle?.stack === undefined ? undefined : matchOf(layer, rest);
    if (match === undefined) continue;
    const path = match.path.replace(/\/$/, "");
    const below = patternBelow(layer.handle, route, rest.slice(path.length));
    const named = below === undefined ? undefined : withNames(path, match.params);
    if (named !== undefined) return named + below;
  }
  return undefined;
}

function matchOf({ slash, matchers, regexp, keys }: Layer, path: string): Match | undefined {
  if (slash === true || regexp?.fast_slash === true) return { path: "", params: {} };
  for (const matcher of matchers ?? []) {
    const match = matcher(path);
    if (match !== false) return match;
  }
  const found = regexp?.exec(path);
  if (!found) return undefined;
  const params = found.slice(1).map((value, index) => [String(keys?.[index]?.name ?? index), value]);
  return { path: found[0], params: Object.fromEntries(params) as Match["params"] };
}

/** A mount path with the names of its parameters for their values; undefined: one of them is not just a segment of it. */
function withNames(path: string, params: Match["params"]): string | undefined {
  const segments = path.split("/");
  // From the end, where parameters are: a value may be the same word as a segment before it.
  for (const [name, value] of Object.entries(params).reverse()) {
    if (value === undefined) continue;
    const at = segments.findLastIndex((segment) => segment === value || decoded(segment) === value);
    if (at === -1) return undefined;
    segments[at] = `:${name}`;
  }
  return segments.join("/");
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
