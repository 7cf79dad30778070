import { HEADER_SENT_AT } from "@quotel/conventions";

import { createHttpSender } from "../../process/http-sender.ts";
import { encodeRequest } from "../encode/encode-request.ts";
import type { Signal } from "../signal.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";
import { judgeAnswer } from "./export-outcome.ts";
import type { ExportOutcome } from "./export-outcome.ts";

export interface CollectorClientOptions {
  readonly signal: Signal;
  /** Base URL; the signal's path is appended. */
  readonly endpoint: URL;
  readonly ingestKey: string | null;
  readonly timeoutMs: number;
}

/** A collector that is only slow is given more time from request to request, up to this. */
const TIMEOUT_MS_MAX = 120_000;

/** Sends items to the collector, one request at a time, and says what came of it. Holds no ref'd handle. */
export class CollectorClient {
  readonly url: URL;
  readonly #options: CollectorClientOptions;
  readonly #sender = createHttpSender({ background: true });
  #timeouts = 0;

  constructor(options: CollectorClientOptions) {
    this.#options = options;
    this.url = new URL(`${options.endpoint.href.replace(/\/+$/, "")}/v1/${options.signal}`);
  }

  async send(header: SegmentHeader, items: readonly string[]): Promise<ExportOutcome> {
    const { ingestKey, timeoutMs } = this.#options;
    const headers: Record<string, string> = {
      "content-type": "application/json",
      [HEADER_SENT_AT]: `${Date.now()}000000`,
    };
    if (ingestKey !== null) headers["authorization"] = `Bearer ${ingestKey}`;
    const startedAt = performance.now();
    const result = await this.#sender.send({
      url: this.url,
      method: "POST",
      headers,
      body: encodeRequest(this.#options.signal, header, items),
      timeoutMs: Math.max(timeoutMs, Math.min(TIMEOUT_MS_MAX, timeoutMs * 2 ** this.#timeouts)),
    });
    const outcome = judgeAnswer(result, Date.now());
    if (outcome.kind === "retry" && outcome.timedOut) this.#timeouts = Math.min(this.#timeouts + 1, 10);
    else if (performance.now() - startedAt < timeoutMs) this.#timeouts = 0;
    return outcome;
  }

  close(): void {
    this.#sender.close();
  }
}
