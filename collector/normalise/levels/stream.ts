import { hash } from "node:crypto";
import { ATTR_QUOTEL_RESOURCE, ATTR_QUOTEL_TENANT_ID, ATTR_SERVICE_NAME } from "@quotel/conventions";
import type { PointKind } from "#database/levels/metric-point";
import type { Attributes } from "../../decode/attributes.ts";
import type { DecodedPoint } from "../../decode/decoded-point.ts";

/** What names the running instance where it has no `service.instance.id`. */
const INSTANCE_ATTRIBUTES = ["k8s.pod.uid", "container.id", "host.name", "process.pid"];

/**
 * Attributes that say whose and which resource it is; the tenant and the resource are in the identity as such. Other
 * names for the tenant are configured, so they are attributes like any: a stream must stay itself when the list changes.
 */
const NOT_THE_STREAM: ReadonlySet<string> = new Set([ATTR_QUOTEL_RESOURCE, ATTR_QUOTEL_TENANT_ID]);

export interface StreamOwner {
  /** The key the point came with. */
  readonly keyId: string;
  readonly tenantId: string;
  readonly resource: string;
  readonly kind: PointKind;
}

/**
 * The stream a point belongs to, as a UUID: 128 bits of a hash of the producer's key, the tenant, the instance, the
 * instrumentation scope, the metric and the point's attributes, whatever their order. Of the OTLP resource only what
 * names the instance: a proxy that adds other attributes on the way must not make a second stream. When the sender
 * began to count is no part of it, so an instance that restarts goes on where it was.
 */
export function streamOf(point: DecodedPoint, owner: StreamOwner): string {
  const attributes = point.attributes
    .entries()
    .filter(([name]) => !NOT_THE_STREAM.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const { keyId, tenantId, resource, kind } = owner;
  const identity = [keyId, tenantId, resource, kind, instanceOf(point.resource), point.scope.name, point.metric];
  const digits = hash("sha256", JSON.stringify([...identity, attributes])).slice(0, 32);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function instanceOf(resource: Attributes): unknown[] {
  const service = [resource.get("service.namespace") ?? null, resource.get(ATTR_SERVICE_NAME) ?? null];
  const id = resource.get("service.instance.id");
  return id === undefined
    ? [...service, ...INSTANCE_ATTRIBUTES.map((name) => resource.get(name) ?? null)]
    : [...service, id];
}
