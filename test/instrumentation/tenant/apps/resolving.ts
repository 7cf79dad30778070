/** Fastify and Express apps whose tenants are found in the ways `RESOLVER` says; `/chat` makes a provider call at once. */
import express from "express";
import fastify from "fastify";
import OpenAI from "openai";

import { apiKeyMap, firstOf, setTenantResolver, tenantFrom, tenantFromHeader } from "@quotel/instrumentation";
import { tenantFromJwt } from "@quotel/instrumentation/jwt";

const openai = new OpenAI({ apiKey: "k", baseURL: `${process.env["PROVIDER_URL"]}/v1`, maxRetries: 0 });
const chat = () =>
  openai.chat.completions.create({ model: "m", user: "normal", messages: [{ role: "user", content: "Hello" }] });
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const resolver = process.env["RESOLVER"];
if (resolver === "slow-keys") {
  const found = apiKeyMap(async (key) => later(150).then(() => (key === "sk-1" ? "acme" : null)));
  setTenantResolver(firstOf(found, tenantFromHeader("x-tenant")));
}
const jwksUrl = process.env["JWKS_URL"];
if (jwksUrl !== undefined) {
  setTenantResolver(tenantFromJwt({ jwksUrl, issuer: "https://login", audience: "api", claim: "org_id" }));
}
if (resolver === "never") setTenantResolver(() => new Promise<string>(() => {}));
if (resolver === "throws") {
  setTenantResolver(() => {
    throw new Error("no directory");
  });
}

const find = ({ headers }: { headers: Record<string, unknown> }) => {
  const id = headers["x-user-org"];
  if (id === "broken") throw new Error("no user");
  return headers["x-late"] === undefined ? (id as string | undefined) : later(20).then(() => id as string | undefined);
};

if (process.env["FRAMEWORK"] === "fastify") {
  const app = fastify();
  app.addHook("preHandler", tenantFrom(find));
  app.post("/chat", async () => chat());
  console.log(await app.listen({ port: 0, host: "127.0.0.1" }));
} else {
  const app = express();
  app.use(express.json(), tenantFrom(find));
  app.post("/chat", (_req, res, next) => void chat().then((answer) => res.json(answer), next));
  const server = app.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
  });
}
