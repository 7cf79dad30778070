import { once } from "node:events";
import { createServer, connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { oneATurn } from "../../../collector/ingest/one-a-turn.ts";
import type { Answer } from "../../../collector/receive/answer.ts";
import type { Ingest } from "../../../collector/receive/endpoint.ts";

const ACCEPTED: Answer = { kind: "accepted", rejected: 0, message: "" };
const request = (name: string): Parameters<Ingest> => [Buffer.from(name), "protobuf", { keyId: "k1", tenants: null }];

test("what comes over another connection is heard between requests that came together", async () => {
  const server = createServer((socket) => void socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay(true);
  onTestFinished(async () => {
    socket.removeAllListeners("data").resume().end();
    await once(socket, "close");
    server.close();
  });
  await once(socket, "connect");
  let heard = 0;
  // It has always one message under way.
  socket.on("data", () => void (heard++, socket.write("x")));
  socket.write("x");

  const heardBefore: number[] = [];
  const ingest = oneATurn()(async () => {
    heardBefore.push(heard);
    // Work enough for the message to have come back.
    for (const end = performance.now() + 5; performance.now() < end;);
    return ACCEPTED;
  });
  await Promise.all(Array.from({ length: 20 }, (_, index) => ingest(...request(`${index}`))));
  // One turn sends it on and the server's turn sends it back: at the latest in every second request.
  expect(heardBefore.at(-1)! - heardBefore[0]!).toBeGreaterThanOrEqual(5);
});

test("requests of all pipelines begin in the order they came, also after one that failed", async () => {
  const began: string[] = [];
  const inTurn = oneATurn();
  const traces = inTurn((bytes) => {
    began.push(Buffer.from(bytes).toString());
    return Promise.reject(new Error("a fault"));
  });
  const logs = inTurn((bytes) => {
    began.push(Buffer.from(bytes).toString());
    return Promise.resolve(ACCEPTED);
  });
  const results = await Promise.allSettled([
    logs(...request("a")),
    traces(...request("b")),
    logs(...request("c")),
    traces(...request("d")),
  ]);
  expect(began).toEqual(["a", "b", "c", "d"]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
});
