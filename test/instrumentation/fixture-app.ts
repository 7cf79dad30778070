/** A small app of an ordinary kind, started as its own process with `--import @quotel/instrumentation/register`. */
import express from "express";
import OpenAI from "openai";

import { LeasedQuota, setTenant } from "@quotel/instrumentation";
import { enforceQuota } from "@quotel/instrumentation/express";

const openai = new OpenAI({ apiKey: "k", baseURL: `${process.env["PROVIDER_URL"]}/v1`, maxRetries: 1 });
const messages = [{ role: "user" as const, content: "Hello" }];
const app = express();

/** Passes a failure on to Express. */
function answering(answer: (req: express.Request, res: express.Response) => Promise<unknown>): express.RequestHandler {
  return (req, res, next) => void answer(req, res).catch(next);
}

// Reads its body by hand: the events of the request must find the request's tenant too.
app.post("/raw", (req, res) => {
  let text = "";
  req.on("data", (part: Buffer) => (text += part.toString()));
  req.on("end", () => {
    openai.chat.completions.create({ model: "m", messages, user: text }).then(
      () => res.send("ok"),
      () => res.status(502).end(),
    );
  });
});

app.use(express.json());
app.post(
  "/login/:tenant",
  answering(async (req, res) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    setTenant(String(req.params["tenant"]));
    res.send("ok");
  }),
);
if (process.env["ENFORCE"]) {
  const denyStatus = process.env["ENFORCE"] === "403" ? 403 : 429;
  const leases = process.env["LEASES"] ? { leases: new LeasedQuota() } : {};
  app.use(["/chat", "/stream", "/embed", "/left"], enforceQuota({ denyStatus, ...leases }));
}
app.post(
  "/chat",
  answering(async (req, res) => {
    const { user, seed } = req.body as { user?: string; seed?: number };
    const answer = await openai.chat.completions.create({
      model: "m",
      messages,
      user: user ?? "normal",
      seed: seed ?? 0,
    });
    res.json(answer.choices);
  }),
);
app.post(
  "/stream",
  answering(async (_req, res) => {
    for await (const chunk of await openai.chat.completions.create({ model: "m", messages, stream: true })) {
      res.write(chunk.choices[0]!.delta.content ?? "");
    }
    res.end();
  }),
);
// Answers from the first words and leaves the rest of the stream to the drain, which outlives the response.
app.post(
  "/left",
  answering(async (_req, res) => {
    for await (const chunk of await openai.chat.completions.create({ model: "m", messages, stream: true })) {
      if (chunk.choices[0]!.delta.content) break;
    }
    res.send("enough");
  }),
);
app.post(
  "/embed",
  answering(async (_req, res) => {
    res.json(await openai.embeddings.create({ model: "e", input: "Hello" }));
  }),
);
app.get("/hang", () => {});
const users = express.Router();
users.get("/:id", (_req, res) => void res.send("ok"));
app.use("/users", users);
app.use((_err: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
  res.status(500).end();
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
// Ends by itself where the test says so: nothing of the instrumentation may keep it alive.
process.on("message", (word) => {
  if (word !== "finish") return;
  server.close();
  server.closeAllConnections();
  process.disconnect();
});
