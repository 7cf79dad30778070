/** An app of CommonJS modules that asks a model once per request. */
const express = require("express");

const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hello" }], user: "normal" });
const headers = { "content-type": "application/json" };

const app = express();
app.post("/chat", async (_req, res) => {
  const answer = await fetch(`${process.env["PROVIDER_URL"]}/v1/chat/completions`, { method: "POST", headers, body });
  res.send(await answer.text());
});
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.on("message", () => {
  server.close();
  server.closeAllConnections();
  process.disconnect();
});
