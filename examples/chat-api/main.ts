/** Runs the chat app as a process: prints its URL, ends on SIGTERM when the open requests are answered. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { OpenAI } from "openai";
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";

const read = readConfig(process.env);
if (!read.ok) {
  for (const problem of read.problems) console.error(problem);
  process.exit(1);
}

const { host, port, openaiBaseUrl, openaiApiKey, chatModel, embeddingModel } = read.config;
const openai = new OpenAI({ baseURL: openaiBaseUrl, apiKey: openaiApiKey });
const server = createServer(createApp({ openai, chatModel, embeddingModel }));
server.listen(port, host, () => {
  console.log(`chat-api listening on http://${host}:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => {
  server.close();
  // `close` ends the connections that are idle now; these are the ones whose last answer is still on its way.
  setInterval(() => server.closeIdleConnections(), 50).unref();
});
