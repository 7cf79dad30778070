import { KeyTable } from "../../collector/decode/key-table.ts";
import { ProtobufTraceDecoder } from "../../collector/decode/protobuf/traces.ts";
import { READ_ATTRIBUTES } from "../../collector/normalise/usage/attribute-names.ts";
import type { RunOptions } from "./command.ts";
import type { Outcome } from "./comparison/row.ts";
import { median } from "./comparison/rounds.ts";
import { encode, generatedRequest } from "./spans/otlp-encoder.ts";
import { realisticRequest } from "./spans/realistic-spans.ts";

const SPANS_PER_REQUEST = 512;
const REQUESTS = 40;
const ROUNDS = 15;
const WARM_UP_ROUNDS = 5;

/**
 * Row `decode`: protobuf bytes to decoded spans per second on one core, ours against protobufjs' generated code for the
 * same schema. Both decode the same requests; the two alternate, and medians are compared, so that a busy machine
 * slows both. Ours makes every string and number it keeps; what it does not keep is what the design calls selective.
 */
export async function measureDecode({ size }: RunOptions): Promise<Outcome> {
  const rounds = size === "quick" ? 1 : ROUNDS;
  const generated = await generatedRequest();
  const requests = Array.from({ length: REQUESTS }, (_, seed) =>
    encode(generated, realisticRequest(SPANS_PER_REQUEST, seed)),
  );
  const ours = new ProtobufTraceDecoder(new KeyTable(READ_ATTRIBUTES));

  const oursPerSecond: number[] = [];
  const theirsPerSecond: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const us = spansPerSecond(requests, (bytes) => ours.decode(bytes));
    const them = spansPerSecond(requests, (bytes) => generated.decode(bytes));
    if (round < 0) continue;
    oursPerSecond.push(us);
    theirsPerSecond.push(them);
  }
  const value = Math.round(median(oursPerSecond));
  const baseline = Math.round(median(theirsPerSecond));
  return { rows: [{ id: "decode", unit: "spans/s", value, baseline, goal: { atLeast: 2.5 } }], notes: [] };
}

function spansPerSecond(requests: readonly Uint8Array[], decode: (bytes: Uint8Array) => unknown): number {
  const start = performance.now();
  for (const bytes of requests) decode(bytes);
  return (requests.length * SPANS_PER_REQUEST) / ((performance.now() - start) / 1000);
}
