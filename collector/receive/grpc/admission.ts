import type { Readable } from "node:stream";
import {
  ServerInterceptingCall,
  status,
  type Metadata,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerListener,
} from "@grpc/grpc-js";
import { HEADER_SENT_AT } from "@quotel/conventions";
import type { Producer } from "../../record/recorder.ts";
import type { Refusal } from "../answer.ts";
import { ByteLease } from "../byte-budget.ts";
import { BUSY, FAULT, NO_KEY, noteAnswer, producerOf, sentAtOf } from "../endpoint.ts";
import type { ReceiverOptions } from "../receiver.ts";
import { grpcStatus } from "./status.ts";

/** A call whose sender is known and whose message is held against the lease until the call is over. */
export interface Admitted {
  readonly producer: Producer;
  /** What the sender's clock showed; null = it did not say. */
  readonly sentAtMicros: number | null;
  readonly lease: ByteLease;
  /** Whether the method's handler has it, which then releases the lease. */
  handled: boolean;
}

type AdmissionOptions = Pick<ReceiverOptions, "endpoint" | "requestTimeoutMs" | "onFault">;

/**
 * Stands before every call: nothing of its message is read before its key is known, and what arrives is counted against
 * the budget, as over HTTP. The method's handler finds what was admitted by the call's metadata.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #admitted = new WeakMap<Metadata, Admitted>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** What this call was admitted with. The caller releases the lease. */
  handle(metadata: Metadata): Admitted {
    const admitted = this.#admitted.get(metadata);
    if (admitted === undefined) throw new Error("a call reached its handler without admission");
    admitted.handled = true;
    return admitted;
  }

  readonly interceptor: ServerInterceptor = (_method, call) => {
    const lease = new ByteLease(this.#options.endpoint.budget);
    let isRefused = false;
    const refuse = (answer: Refusal): void => {
      // What still arrives after a refusal has no lease any more; the sender has its answer.
      if (isRefused) return;
      isRefused = true;
      lease.release();
      noteAnswer(answer, this.#options);
      call.sendStatus(grpcStatus(answer));
    };
    chargeArrivals(call, lease, refuse);
    const late = setTimeout(() => call.sendStatus(TOO_SLOW), this.#options.requestTimeoutMs);
    let admitted: Admitted | undefined;

    const listener: ServerListener = {
      onReceiveMetadata: (metadata, pass) => {
        this.#admit(metadata, lease, refuse)
          .then((answer) => {
            admitted = answer;
            if (answer !== undefined) pass(metadata);
          })
          .catch(this.#options.onFault);
      },
      onReceiveMessage: (message: Buffer, pass) => {
        // Counted again: the frames it came in and, if packed, its unpacked twin are in memory together.
        if (lease.take(message.length)) pass(message);
        else refuse(BUSY);
      },
      onReceiveHalfClose: (pass) => {
        clearTimeout(late);
        pass();
      },
      // Comes at the end of every call, however it ended.
      onCancel: () => {
        clearTimeout(late);
        if (!admitted?.handled) lease.release();
      },
    };
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };

  /** Undefined = refused. */
  async #admit(metadata: Metadata, lease: ByteLease, refuse: (answer: Refusal) => void): Promise<Admitted | undefined> {
    const { endpoint, onFault } = this.#options;
    try {
      const producer = await producerOf(metadata.get("authorization")[0]?.toString(), endpoint);
      if (producer !== null) {
        const sentAtMicros = sentAtOf(metadata.get(HEADER_SENT_AT)[0]?.toString());
        const admitted = { producer, sentAtMicros, lease, handled: false };
        this.#admitted.set(metadata, admitted);
        return admitted;
      }
      refuse(NO_KEY);
    } catch (error) {
      onFault(error);
      refuse(FAULT);
    }
    return undefined;
  }
}

/** The time OTLP allows a sender is its own affair; this is about who stops in the middle. Senders try again. */
const TOO_SLOW = { code: status.DEADLINE_EXCEEDED, details: "the message did not arrive in time" };

/**
 * grpc-js tells of whole messages only; what a message holds while it arrives is seen on its stream, which is not part
 * of the published interface (a test fails should it go).
 */
function chargeArrivals(
  call: ServerInterceptingCallInterface,
  lease: ByteLease,
  refuse: (answer: Refusal) => void,
): void {
  const { stream } = call as ServerInterceptingCallInterface & { readonly stream?: Readable };
  // The stream stays paused until the call is read.
  stream?.on("data", (chunk: Buffer) => {
    if (!lease.take(chunk.length)) refuse(BUSY);
  });
}
