import OpenAI from "openai";

const messages = [{ role: "user" as const, content: "Hello" }];

/** One call for an answer, and one for a stream, which is read to its end. */
export async function ask(): Promise<void> {
  const client = new OpenAI({ apiKey: "k", baseURL: `${process.env["PROVIDER_URL"]}/v1` });
  await client.chat.completions.create({ model: "m", messages });
  for await (const _ of await client.chat.completions.create({ model: "m", messages, stream: true })) continue;
}
