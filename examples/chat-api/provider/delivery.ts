import type { ServerResponse } from "node:http";

/**
 * Writes and waits until the bytes were handed to a live connection. False: the caller had gone, or the connection broke
 * first. This is the line between reported and unreported usage.
 */
export function deliver(res: ServerResponse, data: string): Promise<boolean> {
  if (res.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    res.once("close", onClose);
    res.write(data, (error) => {
      res.off("close", onClose);
      resolve(error === null || error === undefined);
    });
  });
}

/** Sends one JSON answer; resolves as `deliver` does. */
export async function deliverJson(res: ServerResponse, status: number, body: object): Promise<boolean> {
  const text = JSON.stringify(body);
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  const delivered = await deliver(res, text);
  res.end();
  return delivered;
}

/** Sends an error in the shape that OpenAI clients parse. */
export function deliverError(res: ServerResponse, status: number, message: string): Promise<boolean> {
  const type = status === 429 ? "requests" : status >= 500 ? "server_error" : "invalid_request_error";
  return deliverJson(res, status, { error: { message, type, param: null, code: null } });
}

/**
 * Drops the connection without ending the response. The closing packet travels behind everything already written, so a
 * caller who reads gets every byte before it learns that the rest is missing.
 */
export function cut(res: ServerResponse): void {
  res.socket?.end();
}
