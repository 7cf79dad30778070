import { once } from "node:events";
import { createServer, request } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { readBody } from "../../../../quota-service/http/server/read-body.ts";

const server = createServer();
await once(server.listen(0, "127.0.0.1"), "listening");
afterAll(() => server.close());

/** A request of which the service has the head and a part of the body. */
async function halfSent(): Promise<{ readonly received: IncomingMessage; readonly abort: () => void }> {
  const { port } = server.address() as AddressInfo;
  const headers = { "content-type": "application/json", "content-length": 100 };
  const sent = request({ port, method: "POST", headers }).on("error", () => {});
  sent.write('{"tenantId":');
  const [received] = (await once(server, "request")) as [IncomingMessage];
  return { received, abort: () => void sent.destroy() };
}

test("an upload that breaks off while it is read is refused, not waited for", async () => {
  const { received, abort } = await halfSent();
  const body = readBody(received);
  abort();
  expect(await body).toMatchObject({ ok: false, refusal: { status: 400 } });
});

test("an upload that broke off before anybody read it is refused, not waited for", async () => {
  const { received, abort } = await halfSent();
  const closed = new Promise((resolve) => received.once("close", resolve));
  abort();
  await closed;
  expect(await readBody(received)).toMatchObject({ ok: false, refusal: { status: 400 } });
});
