import { Client } from "pg";

/**
 * A connection to a database of the benchmark's. Where the server goes first, after a failure, its next statement says
 * so; without a listener that would end the process before it has cleaned up, and hide the failure.
 */
export async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  return client;
}
