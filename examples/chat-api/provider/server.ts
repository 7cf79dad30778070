import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { complete, wireCompletion } from "./answers/completion.ts";
import { deliverError, deliverJson } from "./delivery.ts";
import { embed } from "./answers/embedding.ts";
import type { ChooseFault, Fault } from "./faults.ts";
import { ProviderLedger } from "./ledger.ts";
import { readJson } from "./read-json.ts";
import { parseChatRequest, parseEmbeddingRequest, type ChatRequest, type EmbeddingRequest } from "./request.ts";
import { streamCompletion } from "./answers/stream.ts";

/** The ledger row of calls that name no user. */
const NO_USER = "unattributed";

export interface ProviderOptions {
  readonly seed: string;
  readonly latencyMs: number;
  readonly chooseFault: ChooseFault;
}

/**
 * A provider in the OpenAI wire format: `POST /v1/chat/completions` (JSON and streamed), `POST /v1/embeddings`, and its
 * own books under `GET /ledger`. The tenant of a call is the `user` of its body.
 */
export function createProvider(options: ProviderOptions): Server {
  const ledger = new ProviderLedger();
  const ordinals = new Map<string, number>();

  const nextFault = (tenant: string, stream: boolean): Fault => {
    const ordinal = (ordinals.get(tenant) ?? 0) + 1;
    ordinals.set(tenant, ordinal);
    return options.chooseFault({ tenant, ordinal, stream });
  };

  const chat = async (res: ServerResponse, request: ChatRequest): Promise<void> => {
    const tenant = request.user ?? NO_USER;
    const fault = nextFault(tenant, request.stream === true);
    await sleep(options.latencyMs);
    if (await refuse(res, fault, ledger, tenant)) return;
    const completion = complete(request, options.seed, Date.now());
    if (request.stream === true) {
      const includeUsage = request.stream_options?.include_usage === true;
      const outcome = await streamCompletion(res, completion, { includeUsage, fault, latencyMs: options.latencyMs });
      ledger.book(tenant, outcome.usage, outcome.reported);
    } else {
      ledger.book(tenant, completion.usage, await deliverJson(res, 200, wireCompletion(completion)));
    }
  };

  const embedding = async (res: ServerResponse, request: EmbeddingRequest): Promise<void> => {
    const tenant = request.user ?? NO_USER;
    const fault = nextFault(tenant, false);
    await sleep(options.latencyMs);
    if (await refuse(res, fault, ledger, tenant)) return;
    const { body, inputTokens } = embed(request);
    ledger.book(tenant, { inputTokens, outputTokens: 0 }, await deliverJson(res, 200, body));
  };

  return createServer((req, res) => {
    route(req, res).catch((error: unknown) => {
      // The caller's connection broke while its body was read: nobody is left to answer.
      res.destroy(error instanceof Error ? error : undefined);
    });
  });

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const endpoint = `${req.method} ${req.url?.split("?")[0]}`;
    if (endpoint === "GET /ledger") {
      await deliverJson(res, 200, ledger.report());
      return;
    }
    const body = await readJson(req);
    if (endpoint === "POST /v1/chat/completions") {
      const request = parseChatRequest(body);
      await (request.ok ? chat(res, request.value) : deliverError(res, 400, request.message));
    } else if (endpoint === "POST /v1/embeddings") {
      const request = parseEmbeddingRequest(body);
      await (request.ok ? embedding(res, request.value) : deliverError(res, 400, request.message));
    } else {
      await deliverError(res, 404, `Invalid URL (${endpoint})`);
    }
  }
}

/** Answers a call that fails before any work; false if the fault is none of those. */
async function refuse(res: ServerResponse, fault: Fault, ledger: ProviderLedger, tenant: string): Promise<boolean> {
  if (fault !== "server_error" && fault !== "too_many_requests") return false;
  ledger.refuse(tenant);
  if (fault === "server_error") {
    await deliverError(res, 500, "The server had an error while processing your request.");
  } else {
    // Both spellings, as the real provider sends them; the finer one keeps clients from waiting a whole second.
    res.setHeader("retry-after", "1").setHeader("retry-after-ms", "50");
    await deliverError(res, 429, "Rate limit reached for requests.");
  }
  return true;
}
