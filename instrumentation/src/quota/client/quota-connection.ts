import { createHttpSender } from "../../process/http-sender.ts";
import type { HttpResult } from "../../process/http-sender.ts";
import { unanswered } from "./answers.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";

export interface ConnectionOptions {
  /** Base URL, without a slash at its end. */
  readonly base: string;
  readonly timeoutMs: number;
}

interface QuotaRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly key: string | undefined;
}

/** Requests to the quota service and their time limit. None is ever metered. */
export class QuotaConnection {
  readonly #options: ConnectionOptions;
  readonly #sender = createHttpSender({ background: false });
  readonly #backgroundSender = createHttpSender({ background: true });
  readonly #breaker = new CircuitBreaker();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Asks something somebody waits for: not at all while the service gives no answers. */
  async ask(request: QuotaRequest): Promise<HttpResult> {
    if (!this.#breaker.admits(performance.now())) return { kind: "unreachable", reason: "circuit open" };
    const result = await this.#sender.send(this.#http(request));
    if (unanswered(result)) this.#breaker.failed(performance.now());
    else this.#breaker.answered();
    return result;
  }

  /** Tells something nobody waits for; keeps no process alive. */
  tell(request: QuotaRequest): Promise<HttpResult> {
    return this.#backgroundSender.send(this.#http(request));
  }

  #http({ method, path, body, key }: QuotaRequest) {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (key !== undefined) headers["authorization"] = `Bearer ${key}`;
    const { base, timeoutMs } = this.#options;
    return {
      url: new URL(base + path),
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      timeoutMs,
    };
  }
}
