import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import { SIGNALS } from "../../../collector/receive/signal.ts";
import { KEY } from "../receive/collector-under-test.ts";
import type { FuzzedRequest } from "./fuzzed-request.ts";

const CONTENT_TYPES = { json: "application/json", protobuf: "application/x-protobuf" };

/** Sends bodies as they are over a few connections that stay open. */
export class HttpSender {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(url: string) {
    this.#url = url;
  }

  /** The status of the answer, once the answer is read. */
  async send({ signal, encoding, gzip, body }: FuzzedRequest): Promise<number> {
    const headers = {
      authorization: `Bearer ${KEY}`,
      "content-type": CONTENT_TYPES[encoding],
      ...(gzip && { "content-encoding": "gzip" }),
    };
    const sent = request(this.#url + SIGNALS[signal].path, { agent: this.#agent, method: "POST", headers });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response.statusCode!;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends frames as they are, which no gRPC client would do, over one HTTP/2 connection. */
export class GrpcSender {
  readonly #session: ClientHttp2Session;

  constructor(url: string) {
    this.#session = connectHttp2(url);
  }

  /** The call's `grpc-status`; the frame is five bytes of head and a message. */
  async send(signal: FuzzedRequest["signal"], gzip: boolean, frame: Buffer): Promise<number> {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": `/${SIGNALS[signal].service}/Export`,
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${KEY}`,
      ...(gzip && { "grpc-encoding": "gzip" }),
    });
    let status: unknown;
    const noteStatus = (headers: Record<string, unknown>): void => {
      status = headers["grpc-status"] ?? status;
    };
    stream.on("response", noteStatus).on("trailers", noteStatus);
    stream.resume();
    stream.end(frame);
    await once(stream, "close");
    return Number(status);
  }

  close(): void {
    this.#session.destroy();
  }
}

/** Writes bytes to a port that expects better ones, and hangs up. */
export async function sendGarbage(url: string, bytes: Buffer): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "connect");
  socket.end(bytes);
  await Promise.race([once(socket, "close"), new Promise((resolve) => setTimeout(resolve, 20))]);
  socket.destroy();
}
