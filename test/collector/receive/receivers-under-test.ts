import { onTestFinished } from "vitest";
import type { Answer } from "../../../collector/receive/answer.ts";
import { ByteBudget } from "../../../collector/receive/byte-budget.ts";
import type { Encoding } from "../../../collector/receive/encoding.ts";
import type { Endpoint, Ingest } from "../../../collector/receive/endpoint.ts";
import { startGrpcReceiver } from "../../../collector/receive/grpc/server.ts";
import { startHttpReceiver } from "../../../collector/receive/http/server.ts";
import type { Receiver } from "../../../collector/receive/receiver.ts";
import type { Signal } from "../../../collector/receive/signal.ts";
import { KEY } from "./collector-under-test.ts";

export interface Received {
  readonly signal: Signal;
  readonly encoding: Encoding;
  readonly bytes: Buffer;
  readonly keyId: string;
}

export interface ReceiversUnderTest {
  readonly http: Receiver;
  readonly grpc: Receiver;
  readonly received: Received[];
  readonly budget: ByteBudget;
  readonly faults: unknown[];
}

export interface ReceiversOptions extends Partial<Pick<Endpoint, "authenticate" | "bodyBytesMax">> {
  /** What the pipeline behind the receivers says. */
  readonly answer?: () => Promise<Answer>;
  readonly inFlightBytesMax?: number;
  readonly answerWithinMs?: number;
  readonly onAnswer?: (answer: Answer) => void;
  readonly requestTimeoutMs?: number;
  readonly shutdownTimeoutMs?: number;
}

/** Both receivers on free ports, over a pipeline that keeps what it is given; they end with the test. */
export async function startReceivers(options: ReceiversOptions = {}): Promise<ReceiversUnderTest> {
  const received: Received[] = [];
  const faults: unknown[] = [];
  const budget = new ByteBudget(options.inFlightBytesMax ?? 1_000_000);
  const ingest =
    (signal: Signal): Ingest =>
    async (bytes, encoding, { keyId }) => {
      const said = await (options.answer?.() ??
        Promise.resolve<Answer>({ kind: "accepted", rejected: 0, message: "" }));
      if (said.kind === "accepted") received.push({ signal, encoding, bytes: Buffer.from(bytes), keyId });
      return said;
    };
  const shared = {
    host: "127.0.0.1",
    port: 0,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    shutdownTimeoutMs: options.shutdownTimeoutMs ?? 5_000,
    endpoint: {
      authenticate:
        options.authenticate ?? ((token) => Promise.resolve(token === KEY ? { keyId: "k1", tenants: null } : null)),
      ingest: { traces: ingest("traces"), metrics: ingest("metrics"), logs: ingest("logs") },
      answerWithinMs: options.answerWithinMs ?? 5_000,
      onAnswer: options.onAnswer ?? (() => undefined),
      bodyBytesMax: options.bodyBytesMax ?? 100_000,
      budget,
    },
    onFault: (error: unknown) => faults.push(error),
  };
  const http = await startHttpReceiver({ ...shared, pages: new Map() });
  const grpc = await startGrpcReceiver(shared);
  onTestFinished(async () => {
    await Promise.all([http.close(), grpc.close()]);
  });
  return { http, grpc, received, budget, faults };
}
