/** Paths with at most one `*`, which stands for any text: `/healthz`, `/static/*`, `*.css`. */
export interface PathPattern {
  readonly start: string;
  /** Null: there was no `*`, the path is `start`. */
  readonly end: string | null;
}

export type PathPatternsResult =
  | { readonly kind: "valid"; readonly patterns: readonly PathPattern[] }
  | { readonly kind: "invalid"; readonly problem: string };

/** Reads a comma-separated list of patterns. One `*` each keeps a match linear, whatever path a caller sends. Pure. */
export function parsePathPatterns(text: string): PathPatternsResult {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const bad = entries.find((entry) => !/^[/*][^*?#]*\*?[^*?#]*$/.test(entry) || entry.split("*").length > 2);
  if (bad !== undefined) {
    return { kind: "invalid", problem: `${JSON.stringify(bad)} is not a path with at most one *` };
  }
  return {
    kind: "valid",
    patterns: entries.map((entry) => {
      const [start = "", end = null] = entry.split("*");
      return { start, end };
    }),
  };
}

/** Whether the path of a request's URL (as it came: `/path?query`) matches one of the patterns. Case matters. Pure. */
export function isIgnored(url: string, patterns: readonly PathPattern[]): boolean {
  if (patterns.length === 0) return false;
  const path = url.split("?", 1)[0] ?? "";
  return patterns.some(({ start, end }) =>
    end === null
      ? path === start
      : path.length >= start.length + end.length && path.startsWith(start) && path.endsWith(end),
  );
}
