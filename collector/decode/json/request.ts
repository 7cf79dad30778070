import { Attributes } from "../attributes.ts";
import { DecodeError } from "../decode-error.ts";
import type { DecodedScope } from "../decoded-span.ts";
import type { KeyTable } from "../key-table.ts";
import { isNested, scalar, structured } from "./any-value.ts";
import * as field from "./field.ts";

/** What the three signals call the same things. */
const SIGNALS = [
  { path: "/v1/traces", resources: "resourceSpans", scopes: "scopeSpans", items: "spans" },
  { path: "/v1/metrics", resources: "resourceMetrics", scopes: "scopeMetrics", items: "metrics" },
  { path: "/v1/logs", resources: "resourceLogs", scopes: "scopeLogs", items: "logRecords" },
] as const;

/** Reads one item (span, metric or log record) of this resource and scope. */
export type ItemReader = (item: field.JsonObject, resource: Attributes, scope: DecodedScope) => void;

/**
 * Walks an export request down to its items, by the OTLP/JSON rules: lowerCamelCase names, ids in hex of either case,
 * enums as integers, 64-bit integers as strings or numbers, unknown fields ignored, `null` = absent. Throws
 * `DecodeError`, naming the field.
 */
export function readRequest(
  bytes: Uint8Array,
  itemsName: (typeof SIGNALS)[number]["items"],
  keys: KeyTable,
  item: ItemReader,
): void {
  const request = field.object(field.parse(bytes), "the request");
  const signal = SIGNALS.find(({ items }) => items === itemsName)!;
  refuseOtherSignals(request, signal.resources);
  for (const ofResource of field.objects(request, signal.resources)) {
    const resource = readAttributes(field.child(ofResource, "resource"), keys);
    for (const ofScope of field.objects(ofResource, signal.scopes)) {
      const sent = field.child(ofScope, "scope");
      const scope = { name: field.text(sent, "name"), version: field.text(sent, "version") };
      for (const sentItem of field.objects(ofScope, signal.items)) item(sentItem, resource, scope);
    }
  }
}

/** The attributes in `keys` of whatever has some. */
export function readAttributes(holder: field.JsonObject, keys: KeyTable): Attributes {
  const attributes = new Attributes();
  for (const attribute of field.objects(holder, "attributes")) {
    const key = field.anyText(attribute, "key");
    const known = keys.has(key);
    if (!known && !keys.hasPrefixOf(key)) continue;
    const sent = field.child(attribute, "value");
    const value = scalar(sent) ?? (isNested(sent) && keys.isStructured(key) ? structured(sent) : undefined);
    if (value === undefined) continue;
    if (value === null || (typeof value === "string" && field.isTooLong(value))) attributes.omit(key);
    else if (known) attributes.add(key, value);
    else attributes.addPrefixed(key, value);
  }
  return attributes;
}

/** A sender with one wrong URL deserves better than an empty success. */
function refuseOtherSignals(request: field.JsonObject, ours: string): void {
  if (field.has(request, ours)) return;
  const other = SIGNALS.find(({ resources }) => field.has(request, resources));
  if (other) throw new DecodeError(`this is ${other.resources}, which belongs to ${other.path}`);
}
