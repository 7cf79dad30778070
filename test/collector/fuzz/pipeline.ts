import { createPrice } from "../../../collector/price/price.ts";
import { TENANT_ID_PATTERN } from "@quotel/conventions";
import type { UsageEvent } from "#database/record/usage-event";
import { Counters } from "../../../collector/observe/counters.ts";
import { createAuditIngest } from "../../../collector/ingest/audit.ts";
import { createLevelIngest } from "../../../collector/ingest/levels.ts";
import { createUsageIngest } from "../../../collector/ingest/usage.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import { Reasons } from "../../../collector/reasons.ts";
import type { Answer } from "../../../collector/receive/answer.ts";
import type { Ingest } from "../../../collector/receive/endpoint.ts";
import { unpack } from "../../../collector/receive/http/body.ts";
import type { Signal } from "../../../collector/receive/signal.ts";
import type { FuzzedRequest } from "./fuzzed-request.ts";

export const BODY_BYTES_MAX = 1_000_000;
const PRODUCER = { keyId: "k", tenants: null, countScopes: null };

/** Everything between a request's bytes and the database, in this process; what comes out at the end is only looked at. */
export class Pipeline {
  readonly #ingest: Readonly<Record<Signal, Ingest>>;
  readonly counters = new Counters();
  /** Of the last request, those the ledger could not hold. */
  readonly unsound: UsageEvent[] = [];

  constructor() {
    const { counters } = this;
    const recorder = {
      record: (events: readonly UsageEvent[]) => {
        this.unsound.push(...events.filter((event) => !isSound(event)));
        return Promise.resolve({ kind: "committed" } as const);
      },
    };
    const refuse = (): Promise<{ kind: "committed" }> => Promise.resolve({ kind: "committed" });
    const store = { record: () => Promise.resolve({ kind: "committed", refused: new Reasons() } as const) };
    const price = createPrice();
    const stores = { recorder, levels: store, audit: store, refuse };
    const parts = {
      ...stores,
      counters,
      price,
      tenantAttributes: DEFAULT_TENANT_ATTRIBUTES,
      now: () => 1_790_000_000_000,
    };
    this.#ingest = {
      traces: createUsageIngest(parts),
      metrics: createLevelIngest(parts),
      logs: createAuditIngest(parts),
    };
  }

  /** The HTTP status the request comes to. Rejects with whatever should never be thrown. */
  async statusOf({ signal, encoding, gzip, body }: FuzzedRequest): Promise<number> {
    const unpacked = gzip ? unpack(body, BODY_BYTES_MAX) : ({ kind: "body", bytes: body } as const);
    if (unpacked.kind !== "body") return unpacked.kind === "too_large" ? 413 : 400;
    const said: Answer = await this.#ingest[signal](unpacked.bytes, encoding, PRODUCER);
    return said.kind === "accepted" ? 200 : said.status;
  }
}

/** Whether the ledger's columns can hold it. */
function isSound(event: UsageEvent): boolean {
  const integers = [event.inputTokens, event.outputTokens, event.cacheReadTokens, event.cacheWriteTokens]
    .concat(event.reasoningTokens, event.costNanoUsd, event.durationMicros, event.endedAtMicros)
    .filter((value) => value !== null);
  return (
    integers.every((value) => Number.isSafeInteger(value) && value >= 0) &&
    Number.isSafeInteger(event.amount) &&
    /^[0-9a-f]{32}$/.test(event.traceId) &&
    /^[0-9a-f]{16}$/.test(event.spanId) &&
    TENANT_ID_PATTERN.test(event.tenantId)
  );
}
