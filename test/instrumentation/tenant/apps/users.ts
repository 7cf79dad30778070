/** An app that knows its users: `/chat` calls a model, `/batch` works for several tenants; `x-user` is who asks. */
import { createServer } from "node:http";

import OpenAI from "openai";

import { recordUsage, setTenant, setUser, withTenant } from "@quotel/instrumentation";

const openai = new OpenAI({ apiKey: "k", baseURL: `${process.env["PROVIDER_URL"]}/v1`, maxRetries: 0 });
const chat = (model: string) =>
  openai.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] });

async function answer(path: string, user: string | undefined): Promise<void> {
  const early = path === "/chat" ? chat("before") : undefined; // made before anybody knows the user
  setTenant("acme");
  if (user !== undefined) setUser(user);
  if (path === "/chat") {
    await Promise.all([early, chat("after")]);
    recordUsage({ resource: "searches", amount: 1 });
    return;
  }
  await withTenant("acme", () => chat("same"));
  await withTenant("other", () => chat("other"));
  await withTenant("other", () => chat("theirs"), { userId: "bob" });
  recordUsage({ tenantId: "other", resource: "searches", amount: 1 });
}

const server = createServer((req, res) => {
  answer(req.url ?? "", req.headers["x-user"] as string | undefined).then(
    () => res.end("ok"),
    () => res.writeHead(500).end(),
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
