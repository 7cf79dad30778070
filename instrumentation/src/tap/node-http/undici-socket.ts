import type { ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

const OF_UNDICI = Symbol("quotel.ofUndici");

/**
 * Marks the socket of a message of `undici:client:connected`, which every copy of undici publishes before it sends anything. The
 * mark is on the socket itself, because a session of HTTP/2 shows its socket only through a proxy.
 */
export function markSocketOfUndici(message: unknown): void {
  const { socket } = message as { socket: Socket };
  Object.defineProperty(socket, OF_UNDICI, { value: true });
}

/** Whether undici, Node's `fetch` say, sends a stream. */
export function isOfUndici(stream: ClientHttp2Stream): boolean {
  const socket = stream.session?.socket;
  return socket !== undefined && Reflect.get(socket, OF_UNDICI) === true;
}
