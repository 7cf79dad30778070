import { setTimeout as sleep } from "node:timers/promises";
import { randomInteger, seededRandom } from "../../provider/answers/seeded-random.ts";
import { startRecordingProxy, type RecordedRequest, type RecordingProxy } from "./recording-proxy.ts";

const BATCHES_SHUFFLED_TOGETHER = 4;
const RETRY_PAUSE_MS = 200;
const TRIES_MAX = 20;

/** A network between app and collector that delivers some batches more than once and in another order. */
export interface Redelivery {
  readonly url: string;
  /** Batches the collector took, and how many of them it was given again. */
  counts(): { readonly delivered: number; readonly redelivered: number };
  /** Redelivers what is still waiting for its turn. Rejects if the collector refused a repeated batch. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Every second batch that the collector took comes again, shuffled among its neighbours. */
export async function startRedelivery(collectorUrl: string, seed: string): Promise<Redelivery> {
  const random = seededRandom(`${seed}/redelivery`);
  const waiting: RecordedRequest[] = [];
  let delivered = 0;
  let redelivered = 0;
  let last = Promise.resolve();

  const redeliver = (): void => {
    while (waiting.length > 0) {
      const [batch] = waiting.splice(randomInteger(random, 0, waiting.length - 1), 1);
      if (batch === undefined) return;
      redelivered += 1;
      last = last.then(() => sendUntilTaken(proxy, batch));
    }
    // A refusal is reported by `finish`, which waits for the same chain.
    last.catch(() => undefined);
  };

  const proxy = await startRecordingProxy(collectorUrl, (batch, answer) => {
    if (answer.status !== 200) return;
    delivered += 1;
    if (delivered % 2 === 0) waiting.push(batch);
    if (waiting.length >= BATCHES_SHUFFLED_TOGETHER) redeliver();
  });

  return {
    url: proxy.url,
    counts: () => ({ delivered, redelivered }),
    async finish() {
      redeliver();
      await last;
    },
    close: () => proxy.close(),
  };
}

/** Like any sender of telemetry: a collector that is busy is asked again, one that refuses is not. */
async function sendUntilTaken(proxy: RecordingProxy, batch: RecordedRequest): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { status } = await proxy.send(batch);
    if (status === 200) return;
    if (status < 500 || tries === TRIES_MAX) throw new Error(`a repeated batch was answered with ${status}`);
    await sleep(RETRY_PAUSE_MS);
  }
}
