import { afterAll, beforeAll, expect, test } from "vitest";

import { outcomeOf } from "./sdks/faults.ts";
import { CALLS_WITH_FAULTS, sdkCall } from "./sdks/sdks.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] }, drainMs: 200, stalledMs: 600 });
});
afterAll(() => tapped.close());

test.each(CALLS_WITH_FAULTS)("an app cannot tell that its SDK is metered: %s, %s, %s", async (name, _, __, fault) => {
  const outcome = async () => {
    await tapped.reset();
    return outcomeOf(fault.use(sdkCall(name, tapped.provider), fault.behaviour));
  };
  const bare = await tapped.bare(outcome);
  const metered = await outcome();
  expect(metered).toStrictEqual(bare);
  expect(await tapped.receiver.waitFor(sdkCall(name, tapped.provider).eventType, 1)).not.toHaveLength(0);
});
