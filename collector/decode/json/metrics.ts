import type { Attributes } from "../attributes.ts";
import { checkItems } from "../decode-error.ts";
import { FLAG_NO_RECORDED_VALUE, type DecodedMetrics, type DecodedPoint } from "../decoded-point.ts";
import type { KeyTable } from "../key-table.ts";
import * as field from "./field.ts";
import { readAttributes, readRequest } from "./request.ts";

const KINDS_PASSED_OVER = ["histogram", "exponentialHistogram", "summary"];

/** Decodes the JSON `ExportMetricsServiceRequest`: points of gauges and sums; those of other kinds are counted. */
export class JsonMetricsDecoder {
  readonly #keys: KeyTable;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** All points of the request, in order. Throws `DecodeError`, naming the field. */
  decode(bytes: Uint8Array): DecodedMetrics {
    const points: DecodedPoint[] = [];
    let passedOver = 0;
    readRequest(bytes, "metrics", this.#keys, (metric, resource, scope) => {
      const kind = (["gauge", "sum"] as const).find((name) => field.has(metric, name));
      if (kind === undefined) passedOver += countPoints(metric);
      else this.#points(metric, kind, resource, scope, points);
    });
    return { points, passedOver };
  }

  #points(
    metric: field.JsonObject,
    kind: DecodedPoint["kind"],
    resource: Attributes,
    scope: DecodedPoint["scope"],
    into: DecodedPoint[],
  ): void {
    const data = field.child(metric, kind);
    const shared = {
      metric: field.text(metric, "name"),
      unit: field.text(metric, "unit"),
      kind,
      temporality: kind === "sum" ? field.uint32(data, "aggregationTemporality") : 0,
      monotonic: kind === "sum" && field.has(data, "isMonotonic") && field.boolean(data, "isMonotonic"),
      resource,
      scope,
    };
    for (const point of field.objects(data, "dataPoints")) {
      checkItems(into.length + 1);
      into.push({
        ...shared,
        startMicros: field.nanosAsMicros(point, "startTimeUnixNano"),
        timeMicros: field.nanosAsMicros(point, "timeUnixNano"),
        value: valueOf(point),
        attributes: readAttributes(point, this.#keys),
      });
    }
  }
}

function valueOf(point: field.JsonObject): number | null {
  if ((field.uint32(point, "flags") & FLAG_NO_RECORDED_VALUE) !== 0) return null;
  if (field.has(point, "asInt")) return field.int64(point, "asInt");
  if (field.has(point, "asDouble")) return field.double(point, "asDouble");
  return null;
}

function countPoints(metric: field.JsonObject): number {
  const kind = KINDS_PASSED_OVER.find((name) => field.has(metric, name));
  return kind === undefined ? 0 : field.objects(field.child(metric, kind), "dataPoints").length;
}
