import { randomBytes, randomUUIDv7 } from "node:crypto";
import { quantile } from "../comparison/rounds.ts";
import { HttpConnection } from "./http-connection.ts";
import type { Load, LoadResult, RenewedPart } from "./load.ts";

/** Sends a load and measures the answers. Rejects when a connection breaks. */
export async function generateLoad(load: Load): Promise<LoadResult> {
  const url = new URL(load.url);
  const requests = load.bodies.map((body) => prepare(url, load, body));
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
      const prepared = requests[sent % requests.length]!;
      sent += 1;
      const request = load.renewed === null ? prepared.bytes : renew(prepared, load.renewed);
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

/** A whole request, and where in it the part stands that is renewed. */
interface PreparedRequest {
  readonly bytes: Buffer;
  readonly renewedAt: readonly number[];
}

function prepare(url: URL, load: Load, body: Uint8Array): PreparedRequest {
  const headers = Object.entries({ host: url.host, ...load.headers, "content-length": String(body.length) });
  const head = `POST ${url.pathname} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), body]);
  return { bytes, renewedAt: load.renewed === null ? [] : placesOf(load.renewed.placeholder, bytes) };
}

function placesOf(placeholder: Uint8Array, bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(placeholder); at >= 0; at = bytes.indexOf(placeholder, at + placeholder.length)) {
    places.push(at);
  }
  return places;
}

function renew({ bytes, renewedAt }: PreparedRequest, { placeholder, by }: RenewedPart): Buffer {
  const value = by === "uuid_v7" ? Buffer.from(randomUUIDv7(), "latin1") : randomBytes(placeholder.length);
  const request = Buffer.from(bytes);
  for (const at of renewedAt) value.copy(request, at);
  return request;
}
