/**
 * Preload of a collector whose memory is watched: every answer says, in the header `x-memory-bytes`, how much of it the
 * process holds as its request arrives (resident set size).
 */
import { subscribe } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";

subscribe("http.server.request.start", (message) => {
  const { response } = message as { readonly response: ServerResponse };
  response.setHeader("x-memory-bytes", process.memoryUsage.rss());
});
