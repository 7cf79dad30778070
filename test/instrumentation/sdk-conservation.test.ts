import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import type { ReceivedSpan } from "./otlp-receiver.ts";
import { outcomeOf } from "./sdks/faults.ts";
import { CALLS_WITH_FAULTS, sdkCall } from "./sdks/sdks.ts";
import { tokens } from "./span-tokens.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] }, drainMs: 300, stalledMs: 600 });
});
beforeEach(() => tapped.reset());
afterAll(() => tapped.close());

function exactly(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return spans.filter((span) => span.attributes["quotel.usage.source"] === "provider");
}
function isPartial({ attributes }: ReceivedSpan): boolean {
  return attributes["quotel.usage.source"] === "partial";
}
function reported(): number {
  return tapped.provider.ledger.inputTokens + tapped.provider.ledger.outputTokens;
}
function asAttempt({ statusCode, attributes }: ReceivedSpan): string {
  return `${statusCode === 2 ? "failed" : "ok"} ${String(attributes["quotel.usage.source"])}`;
}

test.each(CALLS_WITH_FAULTS)(
  "what the provider's ledger says is what is metered: %s, %s, %s",
  async (name, _, __, fault) => {
    const call = sdkCall(name, tapped.provider);
    await withTenant("acme", () => outcomeOf(fault.use(call, fault.behaviour)));
    const attempts = call.otherwise?.[`${fault.mode}, ${fault.name}`] ?? fault.attempts;
    const spans = await tapped.receiver.waitFor(call.eventType, attempts.length);
    expect(spans.map(asAttempt)).toEqual(attempts);
    expect(tapped.provider.ledger.attempts).toBe(attempts.length);
    expect(tokens(exactly(spans))).toBe(reported());
    expect(spans.filter((span) => isPartial(span) && tokens([span]) === 0)).toEqual([]);
    expect(spans.map((span) => span.attributes["quotel.tenant.id"])).toEqual(spans.map(() => "acme"));
  },
);
