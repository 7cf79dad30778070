import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";

import { HostWatch } from "../../../instrumentation/src/doctor/app/host-watch.ts";

/** A server that answers 200, or sends on whoever asks. */
async function answering(sendOn?: { readonly status: number; readonly to: string }) {
  const server = createServer((req, res) => {
    req.resume();
    if (sendOn === undefined) res.end("{}");
    else res.writeHead(sendOn.status, { location: `${sendOn.to}${String(req.url)}` }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.each([307, 308])(
  "the doctor counts a call that is redirected (%i) once, at the host it was made to",
  async (status) => {
    const provider = await answering();
    const gateway = await answering({ status, to: `http://${provider.host}` });
    const watch = new HostWatch({ allowed: ["127.0.0.1"], denied: [] });
    const ask = async (host: string) => {
      const body = JSON.stringify({ model: "m", messages: [] });
      const headers = { "content-type": "application/json", "user-agent": "OpenAI/JS 7.0.0" };
      await (await fetch(`http://${host}/v1/chat/completions`, { method: "POST", headers, body })).text();
    };
    const seen = () => watch.seen.map(({ host, calls }) => [host, calls]);
    await ask(gateway.host);
    await ask(gateway.host);
    expect(seen()).toEqual([[gateway.host, 2]]);
    await ask(provider.host);
    expect(seen()).toEqual([
      [gateway.host, 2],
      [provider.host, 1],
    ]);
    for (const { server } of [provider, gateway]) server.close();
  },
);
