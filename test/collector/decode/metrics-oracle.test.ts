import { ValueType } from "@opentelemetry/api";
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DecodedPoint } from "../../../collector/decode/decoded-point.ts";
import { JsonMetricsDecoder } from "../../../collector/decode/json/metrics.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufMetricsDecoder } from "../../../collector/decode/protobuf/metrics.ts";
import { attributes, hrTime, kept, KEPT_NAMES, micros, text } from "./random-spans.ts";

const keys = new KeyTable(KEPT_NAMES);
const ENCODINGS = [
  { name: "protobuf", serializer: ProtobufMetricsSerializer, decoder: new ProtobufMetricsDecoder(keys) },
  { name: "JSON", serializer: JsonMetricsSerializer, decoder: new JsonMetricsDecoder(keys) },
];

const number = fc.record({
  type: fc.constantFrom(DataPointType.GAUGE, DataPointType.SUM),
  valueType: fc.constantFrom(ValueType.INT, ValueType.DOUBLE),
  monotonic: fc.boolean(),
  temporality: fc.constantFrom(AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE),
  points: fc.array(
    fc.record({ startTime: hrTime, endTime: hrTime, attributes, integer: fc.maxSafeInteger(), double: double() }),
    { maxLength: 4 },
  ),
});
const histogram = fc.record({ type: fc.constant(DataPointType.HISTOGRAM), count: fc.nat(4) });
const metric = fc.record({ name: text, unit: text, data: fc.oneof(number, histogram) });
const request = fc.record({
  resource: attributes,
  scopes: fc.array(fc.record({ name: text, version: text, metrics: fc.array(metric, { maxLength: 3 }) }), {
    maxLength: 2,
  }),
});
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

test.each(ENCODINGS)(
  "what the OpenTelemetry SDK measures as $name decodes to the same points",
  ({ serializer, decoder }) => {
    fc.assert(
      fc.property(request, (sent) => {
        const decoded = decoder.decode(serializer.serializeRequest(resourceMetricsOf(sent)) ?? new Uint8Array());
        expect(decoded.points.map(plain)).toEqual(expectedPoints(sent));
        expect(decoded.passedOver).toBe(histogramPoints(sent));
      }),
      { numRuns: 400 },
    );
  },
);

/** The shape the SDK's readers hand to an exporter. */
function resourceMetricsOf({ resource, scopes }: Request): ResourceMetrics {
  const scopeMetrics = scopes.map(({ name, version, metrics }) => ({
    scope: { name, version },
    metrics: metrics.map(({ name, unit, data }) => {
      const descriptor = { name, unit, description: "d" };
      if (!("points" in data)) {
        const value = { buckets: { counts: [1], boundaries: [] }, count: 1, sum: 1 };
        const point = { startTime: [0, 0], endTime: [1, 0], attributes: { a: 1 }, value };
        const dataPoints = Array.from({ length: data.count }, () => point);
        return { descriptor, dataPointType: data.type, dataPoints, aggregationTemporality: 1 };
      }
      return {
        descriptor: { ...descriptor, valueType: data.valueType },
        dataPointType: data.type,
        isMonotonic: data.monotonic,
        aggregationTemporality: data.temporality,
        dataPoints: data.points.map(({ integer, double, ...point }) => ({
          ...point,
          value: data.valueType === ValueType.INT ? integer : double,
        })),
      };
    }) as unknown as MetricData[],
  }));
  return { resource: { attributes: resource } as unknown as ResourceMetrics["resource"], scopeMetrics };
}

function expectedPoints({ resource, scopes }: Request): unknown[] {
  return scopes.flatMap(({ name: scope, version, metrics }) =>
    metrics.flatMap(({ name, unit, data }) => {
      if (!("points" in data)) return [];
      const isSum = data.type === DataPointType.SUM;
      return data.points.map((point) => ({
        metric: name,
        unit,
        kind: isSum ? "sum" : "gauge",
        temporality: !isSum ? 0 : data.temporality === AggregationTemporality.DELTA ? 1 : 2,
        monotonic: isSum && data.monotonic,
        startMicros: micros(point.startTime),
        timeMicros: micros(point.endTime),
        value: data.valueType === ValueType.INT ? point.integer : point.double,
        attributes: kept(point.attributes),
        resource: kept(resource),
        scope: { name: scope, version },
      }));
    }),
  );
}

function histogramPoints({ scopes }: Request): number {
  const metrics = scopes.flatMap(({ metrics }) => metrics);
  return metrics.reduce((sum, { data }) => sum + ("count" in data ? data.count : 0), 0);
}

function plain(point: DecodedPoint): unknown {
  return { ...point, attributes: point.attributes.entries(), resource: point.resource.entries() };
}

/** -0 comes back as 0 in JSON. */
function double(): fc.Arbitrary<number> {
  return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
}
