/** The least an Express service can do: read a JSON body, answer a JSON body. Prints its URL. */
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import express from "express";

const answer = JSON.parse(await readFile(process.env["ANSWER"]!, "utf8")) as object;

const app = express();
// As in our service: a hash of every answer is nothing to compare with.
app.set("etag", false);
app.post(/.*/, express.json(), (_req, res) => void res.json(answer));
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
});
