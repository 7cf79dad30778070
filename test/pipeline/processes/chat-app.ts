/**
 * A chat app that tests kill: `POST /<tenant>` makes one model call for the tenant. It knows nothing of metering but whose
 * request it serves, and is started with the one flag.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { OpenAI } from "openai";
import { setTenant } from "@quotel/instrumentation";

const openai = new OpenAI({ baseURL: process.env["OPENAI_BASE_URL"], apiKey: "any" });

const server = createServer((request, response) => {
  const tenant = (request.url ?? "/").slice(1);
  setTenant(tenant);
  openai.chat.completions
    .create({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Hello" }], user: tenant })
    .then(
      (answer) => response.end(answer.choices[0]!.message.content),
      () => response.writeHead(502).end(),
    );
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
