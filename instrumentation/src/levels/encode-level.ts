import { ATTR_QUOTEL_BOOT_ID, ATTR_QUOTEL_TENANT_ID, LEVEL_METRIC_PREFIX } from "@quotel/conventions";

import { encodeAttributes } from "../metering/encode/encode-attributes.ts";

/** One sample of what a tenant holds, or one change of it. */
export interface LevelPoint {
  readonly tenantId: string;
  readonly resource: string;
  readonly kind: "sample" | "change";
  /** A whole number; of a sample not negative. */
  readonly value: number;
  /** Microseconds since the Unix epoch; of one resource of a tenant each point has another (I1). */
  readonly atMicros: number;
}

/** OTLP's AGGREGATION_TEMPORALITY_DELTA. */
const DELTA = 1;

/**
 * The point as one OTLP/JSON metric: a gauge, or a delta of a sum that goes up and down. The boot id keeps processes of one
 * service apart: a point is known by its stream and its time, and theirs may be the same. Pure.
 */
export function encodeLevel(point: LevelPoint, bootId: string): string {
  const attributes = encodeAttributes({ [ATTR_QUOTEL_TENANT_ID]: point.tenantId, [ATTR_QUOTEL_BOOT_ID]: bootId });
  const time = `"startTimeUnixNano":"${point.atMicros}000","timeUnixNano":"${point.atMicros}000"`;
  const dataPoints = `"dataPoints":[{"attributes":${attributes},${time},"asInt":"${point.value}"}]`;
  const data =
    point.kind === "sample"
      ? `"gauge":{${dataPoints}}`
      : `"sum":{"aggregationTemporality":${DELTA},"isMonotonic":false,${dataPoints}}`;
  return `{"name":"${LEVEL_METRIC_PREFIX}${point.resource}",${data}}`;
}
