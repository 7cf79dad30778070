import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "./start.ts";

/** What dies with its folder need not survive a power cut. */
const IN_HASTE = { fsync: "off", full_page_writes: "off" };

/**
 * Lends `work` a fresh server in a temporary folder by its admin URL; stops and removes it afterwards, also on Ctrl-C and
 * SIGTERM (which then end the process).
 *
 * @param settings beside those of `npm start`; by default it does not wait for the disk
 */
export async function withThrowawayServer<T>(
  work: (adminUrl: string) => Promise<T>,
  settings: Readonly<Record<string, string>> = IN_HASTE,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "quotel-throwaway-"));
  // mkdtemp makes it private; the user that Postgres runs as may be another one.
  await chmod(dataDir, 0o755);
  const starting = startEmbedded({ dataDir, port: 0, settings });
  const remove = async (): Promise<void> => {
    await starting.then((server) => server.close()).catch(() => {});
    await rm(dataDir, { recursive: true, force: true });
  };
  const interrupted = (): void => {
    void remove().then(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    return await work((await starting).adminUrl);
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    await remove();
  }
}
