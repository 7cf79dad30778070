import { ATTR_QUOTEL_RESOURCE, BUILT_IN_RESOURCES, LEVEL_METRIC_PREFIX, RESOURCE_PATTERN } from "@quotel/conventions";
import type { DecodedPoint } from "../../decode/decoded-point.ts";

export type NamedResource =
  | { readonly kind: "resource"; readonly resource: string }
  | { readonly kind: "ignored"; readonly reason: "no_resource" }
  | { readonly kind: "rejected"; readonly reason: "invalid_resource" };

/** Built-in resources that are held, not consumed: the only ones for which a metric of their bare name is taken. */
const HELD: ReadonlySet<string> = new Set(["storage_bytes", "members", "channels"]);
const CONSUMED: ReadonlySet<string> = new Set(BUILT_IN_RESOURCES.filter((resource) => !HELD.has(resource)));

/**
 * The resource a data point is about: the one its sender names with `quotel.resource`, the rest of a metric's name
 * `quotel.level.<resource>`, or the name itself where it is a resource that is held. A metric that merely happens to be
 * called `tokens` says nothing: spans count those.
 */
export function resourceOf(point: DecodedPoint): NamedResource {
  const named = point.attributes.get(ATTR_QUOTEL_RESOURCE);
  if (named !== undefined) return checked(named);
  if (point.metric.startsWith(LEVEL_METRIC_PREFIX)) return checked(point.metric.slice(LEVEL_METRIC_PREFIX.length));
  if (HELD.has(point.metric)) return { kind: "resource", resource: point.metric };
  return { kind: "ignored", reason: "no_resource" };
}

/** Whether a resource can have a level: what is consumed is counted, and a sample of it would be another truth. */
export function canBeHeld(resource: string): boolean {
  return !CONSUMED.has(resource);
}

function checked(name: unknown): NamedResource {
  return typeof name === "string" && RESOURCE_PATTERN.test(name)
    ? { kind: "resource", resource: name }
    : { kind: "rejected", reason: "invalid_resource" };
}
