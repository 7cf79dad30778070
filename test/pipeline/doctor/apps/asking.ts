/**
 * An app that answers every request with what a model says: `/fetch` asks by the SDK, anything else past the taps, by an undici
 * of its own.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { request } from "undici";

const baseURL = `${process.env["PROVIDER_URL"]}/v1`;
const openai = new OpenAI({ apiKey: "k", baseURL });
const asked = { model: "m", messages: [{ role: "user" as const, content: "Hello" }] };

async function askPastTheTaps(): Promise<void> {
  const headers = { "content-type": "application/json", "user-agent": "a client of our own" };
  const answer = await request(`${baseURL}/chat/completions`, { method: "POST", headers, body: JSON.stringify(asked) });
  await answer.body.dump();
}

const server = createServer((req, res) => {
  const asking = req.url === "/fetch" ? openai.chat.completions.create(asked) : askPastTheTaps();
  asking.then(
    () => res.end("ok"),
    () => res.writeHead(502).end(),
  );
});
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
