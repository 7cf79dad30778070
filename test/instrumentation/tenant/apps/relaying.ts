/** One of several services: `/relay` asks the one at NEXT_URL, `/slow` takes a while, `/counters` tells this process's counters. */
import { createServer, get } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { meteringCounters } from "@quotel/instrumentation";

const next = process.env["NEXT_URL"];

const answers: Record<string, () => Promise<string>> = {
  "/relay/fetch": async () => (await fetch(`${next}/end`)).text(),
  "/relay/http": async () => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      get(`${next}/end`, resolve).on("error", reject),
    );
    return text(answer);
  },
  "/slow": () => new Promise((resolve) => setTimeout(() => resolve("late"), Number(process.env["SLOW_MS"]))),
  "/counters": async () => JSON.stringify(meteringCounters()),
};

const server = createServer((req, res) => {
  const answer = answers[req.url ?? ""];
  if (answer === undefined) return void res.end("ok");
  answer().then(
    (body) => res.end(body),
    () => res.writeHead(500).end(),
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
