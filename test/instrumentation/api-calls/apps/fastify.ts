import fastify from "fastify";

const app = fastify();
app.get("/ok/:id", () => "ok");
app.get("/fail", (_request, reply) => void reply.code(503).send());
app.get("/hang", () => new Promise(() => {}));
app.get("/private", { onRequest: (_request, reply) => void reply.code(401).send() }, () => "never");
await app.register(
  (members, _options, done) => {
    members.get("/members/:id", () => "ok");
    done();
  },
  { prefix: "/orgs/:org" },
);
console.log(await app.listen({ port: 0, host: "127.0.0.1" }));
