// An app of CommonJS modules.
const { createServer } = require("node:http");
const { OpenAI } = require("openai");

const messages = [{ role: "user", content: "Hello" }];
const client = new OpenAI({ apiKey: "k", baseURL: `${process.env.PROVIDER_URL}/v1` });

async function ask() {
  await client.chat.completions.create({ model: "m", messages });
  for await (const _ of await client.chat.completions.create({ model: "m", messages, stream: true })) continue;
}

const server = createServer((_req, res) => {
  ask().then(
    () => res.end("ok"),
    (error) => res.writeHead(500).end(String(error)),
  );
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
