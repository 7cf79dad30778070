// A route handler of the App Router.
import OpenAI from "openai";

const messages = [{ role: "user", content: "Hello" }];

export const dynamic = "force-dynamic";

export async function GET() {
  const client = new OpenAI({ apiKey: "k", baseURL: `${process.env.PROVIDER_URL}/v1` });
  await client.chat.completions.create({ model: "m", messages });
  for await (const _ of await client.chat.completions.create({ model: "m", messages, stream: true })) continue;
  return new Response("ok");
}
