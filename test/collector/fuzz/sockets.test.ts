import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startTestCollector } from "../receive/collector-under-test.ts";
import { Fuzzer, type FuzzedRequest } from "./fuzzed-request.ts";
import { mutateBytes } from "./mutations.ts";
import { BODY_BYTES_MAX } from "./pipeline.ts";
import { Random } from "./random.ts";
import { GrpcSender, HttpSender, sendGarbage } from "./senders.ts";

/** Sockets cost ten times what the pipeline does, so they get a share of the requests. */
const REQUESTS = Number(process.env["QUOTEL_FUZZ_REQUESTS"] ?? 20_000) / 20;
const SEED = Number(process.env["QUOTEL_FUZZ_SEED"] ?? randomInt(2 ** 31));
const IN_PARALLEL = 8;
const ANSWER_TIMEOUT_MS = 20_000;
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED; UNIMPLEMENTED is grpc-js' word for a call without exactly one message. */
const GRPC_STATUSES = [0, 3, 8, 12];
/** INTERNAL is what grpc-js itself says to gzip that is none; OTLP senders drop such a request, as they should. */
const GRPC_INTERNAL = 13;

test("no mutated request on a socket gets a 5xx or ends the collector", { timeout: 3_600_000 }, async () => {
  const { url, grpcUrl, counters } = await startTestCollector({ config: { bodyBytesMax: BODY_BYTES_MAX } });
  const http = new HttpSender(url);
  const grpc = new GrpcSender(grpcUrl!);
  onTestFinished(() => {
    http.close();
    grpc.close();
  });
  const fuzzer = new Fuzzer();
  const sendOne = async (index: number): Promise<void> => {
    const random = new Random(SEED, -index);
    const request = fuzzer.request(SEED, index);
    const overGrpc = request.encoding === "protobuf" && random.chance(0.7);
    const sent = overGrpc ? call(grpc, request, random) : post(http, request);
    const { status, allowed } = await Promise.race([sent, noAnswer(index)]);
    expect(allowed, `QUOTEL_FUZZ_SEED=${SEED}: request ${index}`).toContain(status);
  };
  for (let from = 0; from < REQUESTS; from += IN_PARALLEL) {
    const indices = Array.from({ length: Math.min(IN_PARALLEL, REQUESTS - from) }, (_, offset) => from + offset);
    await Promise.all(indices.map(sendOne));
    if (from % 160 === 0) {
      const random = new Random(SEED, from);
      await sendGarbage(url, random.bytes(200));
      await sendGarbage(grpcUrl!, Buffer.concat([HTTP2_PREFACE, random.bytes(200)]));
    }
  }
  expect(counters.get("requests_faulted")).toBe(0);
});

async function noAnswer(index: number): Promise<never> {
  await setTimeout(ANSWER_TIMEOUT_MS, undefined, { ref: false });
  throw new Error(`QUOTEL_FUZZ_SEED=${SEED}: request ${index} is not answered`);
}

interface Outcome {
  readonly status: number;
  readonly allowed: readonly number[];
}

async function post(http: HttpSender, request: FuzzedRequest): Promise<Outcome> {
  return { status: await http.send(request), allowed: request.sound ? [200] : [200, 400, 413] };
}

/** One in ten frames is damaged, its head included. */
async function call(grpc: GrpcSender, { signal, gzip, body, sound }: FuzzedRequest, random: Random): Promise<Outcome> {
  const head = Buffer.from([gzip ? 1 : 0, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 1);
  const whole = Buffer.concat([head, body]);
  const damaged = random.chance(0.1);
  const status = await grpc.send(signal, gzip, damaged ? mutateBytes(random, whole) : whole);
  if (sound && !damaged) return { status, allowed: [0] };
  return { status, allowed: gzip || damaged ? [...GRPC_STATUSES, GRPC_INTERNAL] : GRPC_STATUSES };
}
