import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

/** Any constant of ours will do. */
const ADVISORY_LOCK = 7_164_120_332;
/** How long a predecessor that was just killed is given until the server notices. */
const PATIENCE_MS = 1_000;

/**
 * Makes this process the owner of an embedded server: the one that may stop it. Ownership is a lock that lives as long as
 * its connection, so it ends with the process, however that ends, and nothing stale is left behind. (A session lock: this
 * connection is direct, whatever pooler services may use.)
 *
 * @returns what gives it up; null where another live process owns the server
 */
export async function claim(adminUrl: string): Promise<(() => Promise<void>) | null> {
  const client = new Client({ connectionString: adminUrl, application_name: "quotel-owner", keepAlive: true });
  // The server may stop before its owner does.
  client.on("error", () => {});
  await client.connect();
  const deadline = Date.now() + PATIENCE_MS;
  do {
    const { rows } = await client.query<{ claimed: boolean }>("select pg_try_advisory_lock($1) as claimed", [
      ADVISORY_LOCK,
    ]);
    if (rows[0]?.claimed === true) return () => client.end();
    await sleep(50);
  } while (Date.now() < deadline);
  await client.end();
  return null;
}
