import { LineCounter, isMap, isScalar, parseDocument } from "yaml";

/** A place in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What a path leads to in a JSON document. */
export type JsonPath = readonly PropertyKey[];

export type PositionedJson =
  | { readonly ok: true; readonly json: unknown; readonly positionOf: (path: JsonPath) => Position }
  | { readonly ok: false; readonly message: string; readonly position: Position };

/**
 * Parses JSON and tells where in the text each value stands. JSON and nothing else is taken, and no name twice in an
 * object. (JSON is a subset of YAML, whose parser keeps positions; `JSON.parse` decides what is JSON.)
 */
export function parseJsonWithPositions(text: string): PositionedJson {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: "json", lineCounter: lines, prettyErrors: false });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The engine says where, but for a token that it does not know.
    const offset = /at position (\d+)/.exec(message)?.[1];
    return {
      ok: false,
      message,
      position: at(offset === undefined ? (document.errors[0]?.pos[0] ?? 0) : Number(offset)),
    };
  }
  const repeated = document.errors.find(({ code }) => code === "DUPLICATE_KEY");
  if (repeated !== undefined) {
    return { ok: false, message: "this name was used in the object before", position: at(repeated.pos[0]) };
  }
  return { ok: true, json, positionOf: (path) => at(offsetOf(document.contents, path)) };
}

/** Where the value begins, or its name where it has one; of a path that leads nowhere, the last part that exists. */
function offsetOf(root: unknown, path: JsonPath): number {
  let node = root;
  let offset = startOf(root);
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      offset = startOf(pair.key);
      node = pair.value;
    } else {
      node = childOf(node, key);
      if (node === undefined) break;
      offset = startOf(node);
    }
  }
  return offset;
}

function childOf(node: unknown, key: PropertyKey): unknown {
  if (typeof node !== "object" || node === null || !("items" in node) || !Array.isArray(node.items)) return undefined;
  const items: readonly unknown[] = node.items;
  return typeof key === "number" ? items[key] : undefined;
}

function startOf(node: unknown): number {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range)) return 0;
  const start: unknown = node.range[0];
  return typeof start === "number" ? start : 0;
}
