import { randomUUIDv7 } from "node:crypto";
import { quantile } from "../measure.ts";
import { HttpConnection } from "./http-connection.ts";
import type { Load, LoadResult } from "./load.ts";

/** Sends a load and measures the answers. Rejects when a connection breaks. */
export async function generateLoad(load: Load): Promise<LoadResult> {
  const url = new URL(load.url);
  const requests = load.bodies.map((body) => requestOf(url, load, body));
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => HttpConnection.open(url.hostname, Number(url.port))),
  );
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  let sent = 0;
  const start = performance.now();
  const isOver = (): boolean =>
    load.until === "all_sent" ? sent >= requests.length : performance.now() >= start + load.until;
  const run = async (connection: HttpConnection): Promise<void> => {
    while (!isOver()) {
      const { bytes, idAt } = requests[sent % requests.length]!;
      sent += 1;
      const request = idAt < 0 ? bytes : withNewId(bytes, idAt);
      const sentAt = performance.now();
      const status = await connection.send(request);
      latencies.push(performance.now() - sentAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(connections.map(run));
  const seconds = (performance.now() - start) / 1000;
  for (const connection of connections) connection.close();
  const [p50Ms, p99Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return { requests: latencies.length, seconds, p50Ms, p99Ms, statuses };
}

/** A whole request, and where in it the id stands (-1: nowhere). */
function requestOf(url: URL, load: Load, body: Uint8Array): { bytes: Buffer; idAt: number } {
  const headers = Object.entries({ host: url.host, ...load.headers, "content-length": String(body.length) });
  const head = `POST ${url.pathname} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  return { bytes, idAt: load.idPlaceholder === null ? -1 : bytes.indexOf(load.idPlaceholder) };
}

function withNewId(bytes: Buffer, idAt: number): Buffer {
  const request = Buffer.from(bytes);
  request.write(randomUUIDv7(), idAt, "latin1");
  return request;
}
