import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { BeginApiCall } from "./api-call.ts";

/** What the requests of a connection that are still open do when it closes. */
const openBySocket = new WeakMap<Socket, Set<() => void>>();

/**
 * Follows the requests of `node:http` and `node:https` servers. Node publishes the start synchronously before the 'request'
 * listeners run. 'close' is the one event every response ends with, but for pipelined ones whose turn never came: those end
 * with their connection.
 */
export function installHttp1Server(begin: BeginApiCall): void {
  subscribe("http.server.request.start", (message) => {
    const { request, response, socket } = message as {
      request: IncomingMessage;
      response: ServerResponse;
      socket: Socket;
    };
    const call = begin(request, request);
    const open = openRequests(socket);
    const end = () => {
      open.delete(end);
      call.end(response.headersSent ? response.statusCode : undefined);
    };
    open.add(end);
    response.once("close", end);
  });
}

function openRequests(socket: Socket): Set<() => void> {
  const known = openBySocket.get(socket);
  if (known !== undefined) return known;
  const open = new Set<() => void>();
  openBySocket.set(socket, open);
  socket.once("close", () => {
    for (const end of open) end();
  });
  return open;
}
