/**
 * Preload of a collector that is to die: a request with the header `x-kill-at: before 7` makes the process end itself by
 * SIGKILL right before it hands its 7th message from then on to the operating system, `after 7` right after. Messages
 * are what it says to the database (a statement is one) and, last, its answer. No exit handler runs, as in a crash.
 * A process that serves no requests calls `killAt` instead.
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";

interface KillPoint {
  readonly moment: "before" | "after";
  readonly at: number;
  sent: number;
  /** The socket whose message is the last one, while it is being put together. */
  last: Socket | null;
}

let point: KillPoint | null = null;

subscribe("http.server.request.start", (message) => {
  const { request } = message as { readonly request: IncomingMessage };
  killAt(String(request.headers["x-kill-at"] ?? ""));
});

/** @param text `before 7`, `after 7`: of the messages from now on; anything else disarms */
export function killAt(text: string): void {
  const [moment, at] = text.split(" ");
  point = moment === "before" || moment === "after" ? { moment, at: Number(at), sent: 0, last: null } : null;
}

// Taken off the prototype on purpose, to be called on whichever socket is writing.
const { write, uncork } = Socket.prototype as unknown as Record<"write" | "uncork", (...args: unknown[]) => unknown>;

Object.assign(Socket.prototype, {
  write(this: Socket, ...args: unknown[]): unknown {
    // What is written while corked goes out as one: only its first part begins a message.
    if (point !== null && this.remotePort !== undefined && (this.writableCorked === 0 || this.writableLength === 0)) {
      point.sent += 1;
      if (point.sent === point.at && point.moment === "before") die();
      if (point.sent === point.at) point.last = this;
    }
    const result = write.apply(this, args);
    dieIfSent(this);
    return result;
  },
  uncork(this: Socket): void {
    uncork.apply(this);
    dieIfSent(this);
  },
});

function dieIfSent(socket: Socket): void {
  if (point?.last === socket && socket.writableCorked === 0) die();
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
