import type { Attributes } from "../attributes.ts";
import { checkItems } from "../decode-error.ts";
import type { DecodedMetrics, DecodedPoint } from "../decoded-point.ts";
import type { DecodedScope } from "../decoded-span.ts";
import type { KeyTable } from "../key-table.ts";
import { FieldReader } from "./field-reader.ts";
import { readNumberPoint, type NumberPoint } from "./number-point.ts";
import { readRequest } from "./request-reader.ts";
import type { WireReader } from "./wire-reader.ts";

/** What a metric says of all its points. */
type Metric = Pick<DecodedPoint, "kind" | "temporality" | "monotonic"> & { points: NumberPoint[] };

/**
 * Decodes the protobuf `ExportMetricsServiceRequest`: the points of gauges and sums with the attributes in `keys`; those
 * of other kinds are counted and passed over.
 */
export class ProtobufMetricsDecoder {
  readonly #fields: FieldReader;

  constructor(keys: KeyTable) {
    this.#fields = new FieldReader(keys);
  }

  /** All points of the request, in order. Throws `DecodeError`. */
  decode(bytes: Uint8Array): DecodedMetrics {
    const points: DecodedPoint[] = [];
    let passedOver = 0;
    readRequest(bytes, this.#fields, (reader, end, resource, scope) => {
      passedOver += this.#metric(reader, end, resource, scope, points);
    });
    return { points, passedOver };
  }

  /**
   * Appends the metric's points; returns how many were passed over. By protobuf's rules the last of several kinds wins
   * (oneof) and two of one kind are one.
   */
  #metric(reader: WireReader, end: number, resource: Attributes, scope: DecodedScope, into: DecodedPoint[]): number {
    let name = "";
    let unit = "";
    let metric: Metric | null = null;
    let passedOver = 0;
    while (reader.position < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 0x0a:
          name = this.#fields.text(reader, end);
          break;
        case 0x1a:
          unit = this.#fields.text(reader, end);
          break;
        case 0x2a:
          metric = this.#points(reader, reader.enter(end), sameKind(metric, "gauge"), into.length);
          break;
        case 0x3a:
          metric = this.#points(reader, reader.enter(end), sameKind(metric, "sum"), into.length);
          break;
        case 0x4a: // histogram
        case 0x52: // exponential histogram
        case 0x5a: // summary
          metric = null;
          passedOver = countPoints(reader, reader.enter(end));
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.leave(end);
    if (metric === null) return passedOver;
    const { points, ...of } = metric;
    for (const point of points) into.push({ metric: name, unit, ...of, ...point, resource, scope });
    return 0;
  }

  /** Reads a `Gauge` or a `Sum`; a gauge has no other field than its points. */
  #points(reader: WireReader, end: number, metric: Metric, before: number): Metric {
    const { kind, points } = metric;
    let { temporality, monotonic } = metric;
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) {
        checkItems(before + points.length + 1);
        points.push(readNumberPoint(reader, reader.enter(end), this.#fields));
      } else if (tag === 0x10 && kind === "sum") temporality = reader.uint32();
      else if (tag === 0x18 && kind === "sum") monotonic = reader.int64() !== 0;
      else reader.skip(tag, end);
    }
    reader.leave(end);
    return { kind, temporality, monotonic, points };
  }
}

function sameKind(metric: Metric | null, kind: Metric["kind"]): Metric {
  return metric?.kind === kind ? metric : { kind, temporality: 0, monotonic: false, points: [] };
}

/** Histograms of both kinds and summaries have their points in field 1. */
function countPoints(reader: WireReader, end: number): number {
  let count = 0;
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x0a) count++;
    reader.skip(tag, end);
  }
  reader.leave(end);
  return count;
}
