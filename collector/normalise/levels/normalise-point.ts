import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import { amountMaxOf, usageOfPoint } from "#database/levels/counters/usage-of-point";
import type { MetricPoint } from "#database/levels/metric-point";
import type { UsageEvent } from "#database/record/usage-event";
import type { DecodedPoint } from "../../decode/decoded-point.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../tenant/tenant-attributes.ts";
import type { TenantAttributes } from "../tenant/tenant-attributes.ts";
import { tenantOf } from "../tenant/tenant-of.ts";
import { canBeHeld, resourceOf } from "./resource.ts";
import { streamOf } from "./stream.ts";
import { kindOf, timeProblem, valueProblem } from "./value.ts";

/** Who sent a point: the key, and the tenants it may speak for (null = any). */
export interface PointProducer {
  readonly keyId: string;
  readonly tenants: readonly string[] | null;
}

/**
 * What a data point comes to: a point to remember, with a level or a counter behind it; usage, which needs nothing
 * remembered; nothing of ours; or one of ours that cannot be used. Reasons are counted under their names.
 */
export type NormalisedPoint =
  | { readonly kind: "point"; readonly point: MetricPoint }
  | { readonly kind: "usage"; readonly event: UsageEvent }
  | { readonly kind: "ignored"; readonly reason: string }
  | {
      readonly kind: "rejected";
      readonly reason: string;
      /** With `foreign_tenant`: for whom the sender claimed to speak. */
      readonly claimedTenant?: string;
    };

/** A clock this far ahead of ours is jitter; beyond it the point counts when it was received (I4). */
const FUTURE_TOLERANCE_MICROS = 60_000_000;

/**
 * One data point to what it says of a tenant's resource. Pure.
 *
 * - Gauges and up-down sums are levels. A level is somebody's, so a point without a tenant is rejected.
 * - Monotonic sums are usage, by tenant or `unattributed` like spans (I6): delta ones their value, cumulative ones the
 *   difference to the stream's last point, which the record stage knows.
 *
 * @param where where the tenant is looked for
 */
export function normalisePoint(
  decoded: DecodedPoint,
  producer: PointProducer,
  receivedAtMicros: number,
  where: TenantAttributes = DEFAULT_TENANT_ATTRIBUTES,
): NormalisedPoint {
  const named = resourceOf(decoded);
  if (named.kind !== "resource") return named;
  const { resource } = named;
  if (decoded.value === null) return { kind: "ignored", reason: "no_recorded_value" };
  const kind = kindOf(decoded);
  if (kind === null) return rejected("no_temporality");
  const isUsage = kind === "usage" || kind === "counter";
  if (!isUsage && !canBeHeld(resource)) return rejected("not_a_level");
  const problem = timeProblem(decoded) ?? valueProblem(decoded.value, kind);
  if (problem !== null) return rejected(problem);
  // What is missing may be what tells two streams apart.
  if (decoded.attributes.omitted().length > 0) return rejected("too_many_attributes");
  const tenant = tenantOf(decoded, producer.tenants, where);
  if (tenant.kind === "rejected") return tenant;
  const { tenantId } = tenant;
  if (!isUsage && tenantId === UNATTRIBUTED_TENANT) return rejected("no_tenant");

  const remembered = kind === "usage" ? "counter" : kind;
  const point: MetricPoint = {
    tenantId,
    resource,
    kind: remembered,
    stream: streamOf(decoded, { keyId: producer.keyId, tenantId, resource, kind: remembered }),
    // A gauge does not begin; OTLP says to ignore what is sent there.
    startedAtMicros: kind === "gauge" ? 0 : decoded.startMicros,
    sampledAtMicros: decoded.timeMicros,
    accountedAtMicros:
      decoded.timeMicros > receivedAtMicros + FUTURE_TOLERANCE_MICROS ? receivedAtMicros : decoded.timeMicros,
    value: decoded.value + 0, // -0 becomes 0
  };
  return kind === "usage" ? usage(point) : { kind: "point", point };
}

function usage(point: MetricPoint): NormalisedPoint {
  if (point.value > amountMaxOf(point.resource)) return rejected("out_of_range");
  if (point.value === 0) return { kind: "ignored", reason: "nothing_used" };
  return { kind: "usage", event: usageOfPoint(point, point.value) };
}

function rejected(reason: string): NormalisedPoint {
  return { kind: "rejected", reason };
}
