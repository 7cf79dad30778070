import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import type { ReceivedSpan } from "./otlp-receiver.ts";
import { FAULTS, outcomeOf } from "./sdks/faults.ts";
import type { Fault } from "./sdks/faults.ts";
import { CALLS_WITH_FAULTS, SDKS, sdkCall } from "./sdks/sdks.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] }, drainMs: 300, stalledMs: 600 });
});
beforeEach(() => tapped.reset());
afterAll(() => tapped.close());

function tokens(spans: readonly ReceivedSpan[]): number {
  const figures = spans.flatMap(({ attributes }) => [
    attributes["gen_ai.usage.input_tokens"],
    attributes["gen_ai.usage.output_tokens"],
  ]);
  return figures.reduce<number>((sum, figure) => sum + Number(figure ?? 0), 0);
}
function exactly(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return spans.filter((span) => span.attributes["quotel.usage.source"] === "provider");
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
    expect(spans.map((span) => span.attributes["quotel.tenant.id"])).toEqual(spans.map(() => "acme"));
  },
);

test.each(Object.keys(SDKS))("one hundred concurrent calls and streams of %s add up per tenant", async (sdk) => {
  const calls = SDKS[sdk]!(tapped.provider);
  const [call] = calls;
  const use = (index: number) => {
    const normal = (mode: Fault["mode"], behaviour = "normal") =>
      FAULTS.find((fault) => fault.mode === mode && fault.behaviour === behaviour)!;
    if (index % 10 === 7) return normal("json", "fails_once").use(call!, `fails_once.${index}`);
    return normal(index % 2 === 0 ? "json" : "stream").use(call!, `normal.${index}`);
  };
  await Promise.all(Array.from({ length: 100 }, (_, index) => withTenant(`t${index % 5}`, () => use(index))));
  const spans = await tapped.receiver.waitFor(call!.eventType, 110);
  expect(tokens(spans)).toBe(reported());
  expect(spans.filter((span) => span.statusCode === 0)).toHaveLength(100);
  for (let tenant = 0; tenant < 5; tenant += 1) {
    const own = spans.filter((span) => span.attributes["quotel.tenant.id"] === `t${tenant}`);
    expect(tokens(own)).toBe(reported() / 5);
  }
});
