import { Agent, createServer, request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** One request, in full, so that it can be sent again byte for byte. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RecordingProxy {
  readonly url: string;
  /** Sends a recorded request to the target once more. */
  send(recorded: RecordedRequest): Promise<RecordedAnswer>;
  close(): Promise<void>;
}

/** Headers that belong to one connection and not to the message (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive", "transfer-encoding", "host"];

/**
 * Stands between a client and `targetUrl`, passes requests and answers on unchanged and shows every exchange to
 * `onExchange`. Where the target does not answer, the client's connection breaks as the target's did.
 */
export async function startRecordingProxy(
  targetUrl: string,
  onExchange: (request: RecordedRequest, answer: RecordedAnswer) => void,
): Promise<RecordingProxy> {
  const agent = new Agent({ keepAlive: true });
  const send = (recorded: RecordedRequest): Promise<RecordedAnswer> => forward(targetUrl, agent, recorded);
  const server = createServer((req, res) => {
    void (async () => {
      try {
        const recorded = await record(req);
        const answer = await send(recorded);
        onExchange(recorded, answer);
        res.writeHead(answer.status, endToEnd(answer.headers)).end(answer.body);
      } catch {
        res.destroy();
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    send,
    async close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, "close");
    },
  };
}

async function record(req: IncomingMessage): Promise<RecordedRequest> {
  const body = await readAll(req);
  return { method: req.method ?? "GET", path: req.url ?? "/", headers: endToEnd(req.headers), body };
}

async function forward(targetUrl: string, agent: Agent, recorded: RecordedRequest): Promise<RecordedAnswer> {
  const { method, path, headers, body } = recorded;
  const outgoing = request(new URL(path, targetUrl), { method, headers, agent });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await readAll(answer) };
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>));
}
