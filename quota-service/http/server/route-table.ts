import type { Route } from "../route.ts";

/** What a request's method and path lead to. */
export type RouteMatch =
  | { readonly kind: "found"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "unknown_path" }
  /** The path is not valid percent-encoding. */
  | { readonly kind: "malformed_path" }
  /** `allow`: the methods that the path takes. */
  | { readonly kind: "wrong_method"; readonly allow: string };

/** The routes of one path. */
interface Place {
  /** Segments of the template; `{id}` stands for one that is not empty. */
  readonly segments: readonly string[];
  readonly byMethod: Map<string, Route>;
}

const NO_PARAMS = Object.freeze({});

/** Finds routes by method and path: paths without parameters at once, the others by comparing segments. */
export class RouteTable {
  readonly #plain = new Map<string, Place>();
  readonly #templates: Place[] = [];

  constructor(routes: readonly Route[]) {
    for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
      const byMethod = new Map(ofPath.map((route) => [route.method.toUpperCase(), route]));
      const get = byMethod.get("GET");
      if (get !== undefined) byMethod.set("HEAD", get);
      const place = { segments: path.split("/"), byMethod };
      if (path.includes("{")) this.#templates.push(place);
      else this.#plain.set(path, place);
    }
  }

  /** @param path without the query, as it was sent */
  find(method: string, path: string): RouteMatch {
    const plain = this.#plain.get(path);
    if (plain !== undefined) return atPlace(plain, method, NO_PARAMS);
    const segments = path.split("/");
    const place = this.#templates.find((template) => isMatch(template.segments, segments));
    if (place === undefined) return { kind: "unknown_path" };
    const params = paramsOf(place.segments, segments);
    return params === null ? { kind: "malformed_path" } : atPlace(place, method, params);
  }
}

function atPlace({ byMethod }: Place, method: string, params: Readonly<Record<string, string>>): RouteMatch {
  const route = byMethod.get(method);
  if (route !== undefined) return { kind: "found", route, params };
  const methods = [...byMethod.keys()].toSorted((a, b) => Number(b === "HEAD") - Number(a === "HEAD"));
  return { kind: "wrong_method", allow: methods.join(", ") };
}

function isMatch(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) => (isParam(part) ? segments[index] !== "" : part === segments[index]))
  );
}

/** Null where a segment is not valid percent-encoding. */
function paramsOf(template: readonly string[], segments: readonly string[]): Record<string, string> | null {
  try {
    return Object.fromEntries(
      template.flatMap((part, index) =>
        isParam(part) ? [[part.slice(1, -1), decodeURIComponent(segments[index] ?? "")]] : [],
      ),
    );
  } catch {
    return null;
  }
}

function isParam(part: string): boolean {
  return part.startsWith("{");
}
