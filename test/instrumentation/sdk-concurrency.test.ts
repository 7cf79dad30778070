import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import { FAULTS } from "./sdks/faults.ts";
import type { Fault } from "./sdks/faults.ts";
import { SDKS } from "./sdks/sdks.ts";
import { tokens } from "./span-tokens.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

// With the limits that apps have: on a busy machine a hundred calls at once take their time, and none has stalled.
beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] } });
});
beforeEach(() => tapped.reset());
afterAll(() => tapped.close());

function reported(): number {
  return tapped.provider.ledger.inputTokens + tapped.provider.ledger.outputTokens;
}

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
