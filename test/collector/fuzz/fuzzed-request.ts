import { gzipSync } from "node:zlib";
import type { Encoding } from "../../../collector/receive/encoding.ts";
import { SIGNAL_NAMES, type Signal } from "../../../collector/receive/signal.ts";
import { mutateBytes, mutateTree } from "./mutations.ts";
import { jsonOf, protobufOf, type Message } from "./otlp-message.ts";
import { Random } from "./random.ts";
import { randomRequest } from "./random-request.ts";

export interface FuzzedRequest {
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly gzip: boolean;
  readonly body: Buffer;
  /** Nothing was changed: it must be accepted. */
  readonly sound: boolean;
}

/** Requests made of one sound request, before another is made. */
const REQUESTS_OF_ONE = 8;

interface SoundRequest {
  readonly seed: number;
  readonly group: number;
  readonly signal: Signal;
  readonly message: Message;
}

/** Makes the request that a seed and an index always give. */
export class Fuzzer {
  #last: SoundRequest | undefined;

  request(seed: number, index: number): FuzzedRequest {
    const { signal, message: soundMessage } = this.#soundRequest(seed, Math.floor(index / REQUESTS_OF_ONE));
    const random = new Random(seed, index);
    const encoding = random.pick(["protobuf", "json"] as const);
    const sound = random.chance(0.1);

    let message = soundMessage;
    if (!sound && random.chance(0.7)) message = repeatedly(random, message, mutateTree);
    let body: Buffer = encoding === "protobuf" ? protobufOf(message) : Buffer.from(JSON.stringify(jsonOf(message)));
    if (!sound && random.chance(0.5)) body = repeatedly(random, body, mutateBytes);

    const gzip = random.chance(0.1);
    if (!gzip) return { signal, encoding, gzip, body, sound };
    // Now and then what unpacks to far more than may be, sent in far less.
    if (!sound && random.chance(0.02)) body = Buffer.alloc(2_000_000);
    let packed: Buffer = gzipSync(body, { level: 1 });
    if (!sound && random.chance(0.3)) packed = mutateBytes(random, packed);
    return { signal, encoding, gzip, body: packed, sound };
  }

  #soundRequest(seed: number, group: number): SoundRequest {
    if (this.#last?.seed !== seed || this.#last.group !== group) {
      const random = new Random(~seed, group);
      const signal = random.pick(SIGNAL_NAMES);
      this.#last = { seed, group, signal, message: randomRequest(random, signal) };
    }
    return this.#last;
  }
}

/** One to three times. */
function repeatedly<Value>(random: Random, value: Value, change: (random: Random, value: Value) => Value): Value {
  let changed = value;
  for (let count = random.below(3); count >= 0; count--) changed = change(random, changed);
  return changed;
}
