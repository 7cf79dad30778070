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

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
