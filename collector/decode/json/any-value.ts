import type { AttributeValue } from "../attributes.ts";
import { canonicalJson, mapOf, TreeBudget, type StructuredValue } from "../structured-value.ts";
import * as field from "./field.ts";

/** A scalar `AnyValue`; undefined = an array, a map, bytes or nothing. */
export function scalar(value: field.JsonObject): AttributeValue | undefined {
  if (field.has(value, "stringValue")) return field.anyText(value, "stringValue");
  if (field.has(value, "intValue")) return field.int64(value, "intValue");
  if (field.has(value, "doubleValue")) return field.double(value, "doubleValue");
  if (field.has(value, "boolValue")) return field.boolean(value, "boolValue");
  return undefined;
}

export function isNested(value: field.JsonObject): boolean {
  return ["arrayValue", "kvlistValue", "bytesValue"].some((kind) => field.has(value, kind));
}

/** An array or map as canonical JSON; null = deeper or larger than our limits. */
export function structured(value: field.JsonObject): string | null {
  const budget = new TreeBudget();
  const tree = treeOf(value, budget, 0);
  return budget.exceeded ? null : canonicalJson(tree);
}

/** Once the budget is exceeded the rest is not looked at, and the result is void. */
function treeOf(value: field.JsonObject, budget: TreeBudget, depth: number): StructuredValue {
  if (!budget.admits(depth)) return null;
  if (field.has(value, "arrayValue")) {
    return field
      .objects(field.child(value, "arrayValue"), "values")
      .map((item) => (budget.exceeded ? null : treeOf(item, budget, depth + 1)));
  }
  if (field.has(value, "kvlistValue")) {
    const entries = field.objects(field.child(value, "kvlistValue"), "values");
    return mapOf(entries.map((entry) => [nameOf(entry), treeOf(field.child(entry, "value"), budget, depth + 1)]));
  }
  // Padding and alphabet vary between senders; the bytes do not.
  if (field.has(value, "bytesValue")) {
    return Buffer.from(field.anyText(value, "bytesValue"), "base64").toString("base64");
  }
  return scalar(value) ?? null;
}

function nameOf(entry: field.JsonObject): string {
  return field.anyText(entry, "key");
}
