import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { errorCode } from "../sqlstate.ts";

/** A port of 127.0.0.1 that nobody listens on: the given one, or any for 0. Throws, naming it, where it is taken. */
export async function requireFreePort(port: number): Promise<number> {
  const probe = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(port, "127.0.0.1", () => resolve((probe.address() as AddressInfo).port));
    });
  } catch (error) {
    if (errorCode(error) !== "EADDRINUSE") throw error;
    throw new Error(
      `Port ${port} on 127.0.0.1 is in use by another program, so the embedded Postgres cannot have it. Stop that program, or choose another port with QUOTEL_POSTGRES_PORT.`,
      { cause: error },
    );
  } finally {
    await new Promise<void>((resolve) => probe.close(() => resolve()));
  }
}
