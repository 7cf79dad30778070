import fastify from "fastify";

import { currentTenant } from "@quotel/instrumentation";

const app = fastify({ http2: true });
app.get("/ok/:id", () => currentTenant() ?? "nobody");
app.get("/fail", (_request, reply) => void reply.code(503).send());
app.get("/hang", () => new Promise(() => {}));
console.log(await app.listen({ port: 0, host: "127.0.0.1" }));
