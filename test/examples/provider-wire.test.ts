import * as fc from "fast-check";
import { expect, test } from "vitest";
import { countPromptTokens } from "../../examples/chat-api/provider/answers/tokens.ts";
import { startProvider } from "./running-provider.ts";

const MODEL = "gpt-4o-mini";
const messages = [{ role: "user" as const, content: "How many tokens is this question?" }];

test("the OpenAI SDK reads a chat answer whose usage adds up", async () => {
  await using provider = await startProvider();
  const completion = await provider.openai.chat.completions.create({ model: MODEL, messages, user: "acme" });
  const { prompt_tokens, completion_tokens, total_tokens } = completion.usage ?? {};
  expect(completion.choices[0]?.message.content?.split(" ")).toHaveLength(completion_tokens ?? -1);
  expect(prompt_tokens).toBe(3 + 3 + Math.ceil(messages[0]!.content.length / 4));
  expect(total_tokens).toBe(prompt_tokens! + completion_tokens!);
});

test("a stream comes in several chunks and ends with the usage that was asked for", async () => {
  await using provider = await startProvider();
  const request = { model: MODEL, messages, user: "acme" };
  const whole = await provider.openai.chat.completions.create(request);
  const stream = await provider.openai.chat.completions.create({
    ...request,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
  expect(chunks.length).toBeGreaterThan(4);
  expect(text).toBe(whole.choices[0]?.message.content);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
});

test("a stream that did not ask for usage gets none", async () => {
  await using provider = await startProvider();
  const stream = await provider.openai.chat.completions.create({ model: MODEL, messages, stream: true });
  const chunks = await Array.fromAsync(stream);
  expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
});

test("an answer stays within max_tokens and max_completion_tokens and says that it was cut short", async () => {
  await using provider = await startProvider();
  for (const bound of [{ max_tokens: 5 }, { max_completion_tokens: 5 }]) {
    const completion = await provider.openai.chat.completions.create({ model: MODEL, messages, ...bound });
    expect(completion.usage?.completion_tokens).toBe(5);
    expect(completion.choices[0]?.finish_reason).toBe("length");
  }
});

test("embeddings reach the SDK as the same numbers in both encodings", async () => {
  await using provider = await startProvider();
  const request = { model: "text-embedding-3-small", input: ["one text", "another text"], dimensions: 16 };
  const base64 = await provider.openai.embeddings.create(request);
  const float = await provider.openai.embeddings.create({ ...request, encoding_format: "float" });
  expect(base64.data.map(({ embedding }) => embedding.length)).toEqual([16, 16]);
  expect(base64.data).toEqual(float.data);
  expect(float.usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
});

test("the same request costs the same whatever was asked before it", async () => {
  await using first = await startProvider();
  await using second = await startProvider();
  await second.openai.chat.completions.create({ model: MODEL, messages: [{ role: "user", content: "Warm up" }] });
  const [one, two] = await Promise.all(
    [first, second].map((provider) => provider.openai.chat.completions.create({ model: MODEL, messages })),
  );
  expect(two?.usage).toEqual(one?.usage);
  expect(two?.choices[0]?.message.content).toBe(one?.choices[0]?.message.content);
});

test("prompt tokens never exceed the bytes of the messages as the caller wrote them", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ role: fc.constant("user"), content: fc.string() }), { minLength: 1 }), (chat) => {
      expect(countPromptTokens(chat)).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(chat)));
    }),
  );
});

test("a request the provider cannot use is refused in the error shape of the SDK", async () => {
  await using provider = await startProvider();
  await expect(provider.openai.chat.completions.create({ model: MODEL, messages: [] })).rejects.toMatchObject({
    status: 400,
    type: "invalid_request_error",
  });
  await expect(provider.openai.models.list()).rejects.toMatchObject({ status: 404 });
  const unreadable = await fetch(`${provider.url}/v1/chat/completions`, { method: "POST", body: "{" });
  expect(unreadable.status).toBe(400);
});
