import { expect, test } from "vitest";
import { seededFaults } from "../../examples/chat-api/provider/faults.ts";
import { startProvider } from "./running-provider.ts";

const request = {
  model: "gpt-4o-mini",
  messages: [{ role: "user" as const, content: "Tell me something long." }],
  user: "acme",
};
const streamed = { ...request, stream: true as const, stream_options: { include_usage: true } };
const NOTHING = { calls: 0, inputTokens: 0, outputTokens: 0 };

test("the provider's ledger reports exactly the usage its callers read", async () => {
  await using provider = await startProvider();
  const chat = await provider.openai.chat.completions.create(request);
  const chunks = await Array.fromAsync(await provider.openai.chat.completions.create(streamed));
  const embeddings = await provider.openai.embeddings.create({ model: "e", input: "some text", user: "acme" });
  const usages = [chat.usage, chunks.at(-1)?.usage, { ...embeddings.usage, completion_tokens: 0 }];
  expect(await provider.ledgerOf("acme")).toEqual({
    reported: {
      calls: 3,
      inputTokens: usages.reduce((sum, usage) => sum + usage!.prompt_tokens, 0),
      outputTokens: usages.reduce((sum, usage) => sum + usage!.completion_tokens, 0),
    },
    unreported: NOTHING,
    refused: 0,
  });
});

test("usage that nobody asked for is unreported work", async () => {
  await using provider = await startProvider();
  const { usage } = await provider.openai.chat.completions.create(request);
  await Array.fromAsync(await provider.openai.chat.completions.create({ ...request, stream: true }));
  const { reported, unreported } = await provider.ledgerOf("acme");
  expect(unreported).toEqual({
    calls: 1,
    inputTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens,
  });
  expect(reported).toEqual(unreported);
});

test("errors cost nothing and the SDK's retries get through", async () => {
  await using provider = await startProvider("server_error", "too_many_requests");
  const { usage } = await provider.openai.chat.completions.create(request);
  const ledger = await provider.ledgerOf("acme");
  expect(ledger).toMatchObject({ refused: 2, unreported: NOTHING });
  expect(ledger.reported).toMatchObject({ calls: 1, outputTokens: usage?.completion_tokens });
});

test("a 429 tells its caller when to come back", async () => {
  await using provider = await startProvider("too_many_requests");
  const refused = await fetch(`${provider.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(request) });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
});

test("a stream cut before its usage breaks in the caller's hands and is booked as unreported", async () => {
  await using provider = await startProvider("cut_before_usage");
  const received: string[] = [];
  const read = async (): Promise<void> => {
    for await (const chunk of await provider.openai.chat.completions.create(streamed)) {
      expect(chunk.usage).toBeNull();
      received.push(chunk.choices[0]?.delta.content ?? "");
    }
  };
  await expect(read()).rejects.toThrow("terminated");
  const { reported, unreported } = await provider.ledgerOf("acme");
  expect(reported).toEqual(NOTHING);
  expect(unreported).toMatchObject({ calls: 1, outputTokens: received.join("").split(" ").length });
});

test("a stream cut after its usage has handed the usage over and is booked as reported", async () => {
  await using provider = await startProvider(...Array.from({ length: 20 }, () => "cut_after_usage" as const));
  const outputTokens: number[] = [];
  const read = async (): Promise<void> => {
    for await (const chunk of await provider.openai.chat.completions.create(streamed)) {
      if (chunk.usage) outputTokens.push(chunk.usage.completion_tokens);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: 20 }, read));
  expect(ends.map(({ status }) => status)).toEqual(ends.map(() => "rejected"));
  const { reported, unreported } = await provider.ledgerOf("acme");
  expect(unreported).toEqual(NOTHING);
  expect(reported).toMatchObject({ calls: 20, outputTokens: outputTokens.reduce((sum, tokens) => sum + tokens, 0) });
});

test("a caller who leaves in the middle stops the work, which stays unreported", async () => {
  await using provider = await startProvider();
  for await (const chunk of await provider.openai.chat.completions.create(streamed)) {
    if (chunk.choices[0]?.delta.content) break;
  }
  const whole = await provider.openai.chat.completions.create(request);
  await expect.poll(async () => (await provider.ledgerOf("acme")).unreported.calls).toBe(1);
  const { reported, unreported } = await provider.ledgerOf("acme");
  expect(reported.calls).toBe(1);
  expect(unreported.outputTokens).toBeLessThan(whole.usage!.completion_tokens);
});

test("faults are the same in every run, spare whom the rate spares, and cut streams only", () => {
  const calls = Array.from({ length: 2000 }, (_, index) => ({ tenant: "acme", ordinal: index + 1 }));
  const faults = (seed: string, rate: number, stream: boolean) =>
    calls.map((call) => seededFaults(seed, rate)({ ...call, stream }));
  expect(faults("a", 0.2, true)).toEqual(faults("a", 0.2, true));
  expect(faults("a", 0.2, true)).not.toEqual(faults("b", 0.2, true));
  expect(new Set(faults("a", 0, true))).toEqual(new Set(["none"]));
  expect(new Set(faults("a", 0.2, true)).size).toBe(5);
  expect(new Set(faults("a", 0.2, false))).toEqual(new Set(["none", "server_error", "too_many_requests"]));
  const hit = faults("a", 0.2, true).filter((fault) => fault !== "none").length;
  expect(hit).toBeGreaterThan(300);
  expect(hit).toBeLessThan(500);
});
