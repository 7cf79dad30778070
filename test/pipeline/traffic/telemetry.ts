/** Spans as an app's exporter would send them, made from the usage events that they must become. */
import { createPrice } from "../../../collector/price/price.ts";
import type { UsageEvent } from "#database/record/usage-event";
import { tokensEvent } from "../../quota-service/decisions/tokens-event.ts";
import { KEYS } from "../processes/rooms.ts";

const price = createPrice();

/** The event of a chat call of `tokens` tokens, priced as the collector will price it; `name` decides its identity. */
export function chatEvent(
  tenantId: string,
  name: string,
  tokens: number,
  reservationId: string | null = null,
  endedAtMicros?: number,
): UsageEvent {
  const event = tokensEvent(tenantId, name, tokens, reservationId, endedAtMicros);
  return { ...event, costNanoUsd: price(event) };
}

/** The OTLP/JSON request that carries the spans of these events. */
export function tracesRequest(events: readonly UsageEvent[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: events.map(spanOf) }] }] });
}

/** Sends the spans of `events` to a collector and resolves with its answer. */
export function sendSpans(
  collectorUrl: string,
  events: readonly UsageEvent[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${collectorUrl}/v1/traces`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEYS.ingest}`, "content-type": "application/json", ...headers },
    body: tracesRequest(events),
  });
}

function spanOf(event: UsageEvent): object {
  const texts: [string, string | null][] = [
    ["gen_ai.operation.name", "chat"],
    ["gen_ai.provider.name", event.provider],
    ["gen_ai.request.model", event.model],
    ["quotel.tenant.id", event.tenantId],
    ["user.id", event.userId],
    ["quotel.reservation.id", event.reservationId],
  ];
  return {
    traceId: event.traceId,
    spanId: event.spanId,
    name: "chat",
    kind: 3,
    startTimeUnixNano: `${event.endedAtMicros - event.durationMicros}000`,
    endTimeUnixNano: `${event.endedAtMicros}000`,
    attributes: [
      ...texts.flatMap(([key, text]) => (text === null ? [] : [{ key, value: { stringValue: text } }])),
      { key: "gen_ai.usage.input_tokens", value: { intValue: event.inputTokens } },
      { key: "gen_ai.usage.output_tokens", value: { intValue: event.outputTokens } },
    ],
  };
}
