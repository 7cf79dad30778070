import express5 from "express";
import express4 from "express-4";

const express = process.env["EXPRESS"] === "4" ? express4 : express5;
const app = express();
app.get("/ok/:id", (_req, res) => void res.send("ok"));
app.get("/fail", (_req, res) => void res.status(503).end());
app.get("/hang", () => {});
const members = express.Router({ mergeParams: true });
members.get("/members/:id", (_req, res) => void res.send("ok"));
app.use("/orgs/:org", members);
const answer: express5.RequestHandler = (_req, res) => void res.send("ok");
// Routers that do not see what their mount paths matched; one of them mounted twice, one within another, one in a sub-app.
const inner = express.Router().get("/things/:id", answer);
const outer = express.Router().use("/in/:room", inner).get("/", answer);
app.use("/plain", inner);
app.use("/houses/:house", outer);
app.use(/^\/years\/(\d+)/, inner);
app.use("/part-:part", inner);
app.use("/sub", express().use("/houses/:house", inner).get("/things/:id", answer));
app.use("/sub/:tenant", express().get("/things/:id", answer));

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
