import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { main as generate } from "protobufjs-cli/pbjs.js";
import { KeyTable } from "../../collector/decode/key-table.ts";
import { ProtobufTraceDecoder } from "../../collector/decode/protobuf-traces.ts";
import { READ_ATTRIBUTES } from "../../collector/normalise/attribute-names.ts";
import { realisticRequest, type TraceRequest } from "./realistic-spans.ts";

export interface BenchmarkRow {
  readonly id: string;
  readonly unit: string;
  readonly value: number;
  readonly baseline: number;
  readonly ratio: number;
  readonly goal: number;
}

/** The part of a protobufjs generated message class that the bench uses. */
interface GeneratedMessage {
  fromObject(object: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

const SPANS_PER_REQUEST = 512;
const REQUESTS = 40;
const ROUNDS = 15;
const WARM_UP_ROUNDS = 5;

/**
 * Row `decode`: protobuf bytes to decoded spans per second on one core, ours against protobufjs' generated code for the
 * same schema. Both decode the same requests; the two alternate, and medians are compared, so that a busy machine
 * slows both. Ours makes every string and number it keeps; what it does not keep is what the design calls selective.
 */
export async function decodeRow(): Promise<BenchmarkRow> {
  const generated = await generatedRequest();
  const requests = Array.from({ length: REQUESTS }, (_, seed) =>
    encode(generated, realisticRequest(SPANS_PER_REQUEST, seed)),
  );
  const ours = new ProtobufTraceDecoder(new KeyTable(READ_ATTRIBUTES));

  const oursPerSecond: number[] = [];
  const theirsPerSecond: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const us = spansPerSecond(requests, (bytes) => ours.decode(bytes));
    const them = spansPerSecond(requests, (bytes) => generated.decode(bytes));
    if (round < 0) continue;
    oursPerSecond.push(us);
    theirsPerSecond.push(them);
  }
  const value = Math.round(median(oursPerSecond));
  const baseline = Math.round(median(theirsPerSecond));
  return { id: "decode", unit: "spans/s", value, baseline, ratio: value / baseline, goal: 2.5 };
}

function spansPerSecond(requests: readonly Uint8Array[], decode: (bytes: Uint8Array) => unknown): number {
  const start = performance.now();
  for (const bytes of requests) decode(bytes);
  return (requests.length * SPANS_PER_REQUEST) / ((performance.now() - start) / 1000);
}

/** Generates protobufjs' static code as its users do (`pbjs -t static-module`) and loads it. */
async function generatedRequest(): Promise<GeneratedMessage> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  try {
    const file = join(folder, "otlp-traces.cjs");
    const proto = join(import.meta.dirname, "otlp-traces.proto");
    const require = createRequire(import.meta.url);
    await promisify(generate)([
      "-t",
      "static-module",
      "-w",
      "commonjs",
      "-r",
      "quotel",
      "--dependency",
      require.resolve("protobufjs/minimal.js"),
      "-o",
      file,
      proto,
    ]);
    return (require(file) as { ExportTraceServiceRequest: GeneratedMessage }).ExportTraceServiceRequest;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function encode(generated: GeneratedMessage, request: TraceRequest): Uint8Array {
  const binary = JSON.parse(JSON.stringify(request), (key, value: unknown) =>
    /^(traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(value as string, "hex") : value,
  ) as object;
  return generated.encode(generated.fromObject(binary)).finish();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
