import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "./start.ts";

/**
 * Lends `work` a fresh server in a temporary folder, without fsync, by its admin URL; stops and removes it afterwards,
 * also on Ctrl-C and SIGTERM (which then end the process).
 */
export async function withThrowawayServer<T>(work: (adminUrl: string) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "quotel-throwaway-"));
  // mkdtemp makes it private; the user that Postgres runs as may be another one.
  await chmod(dataDir, 0o755);
  const starting = startEmbedded({ dataDir, port: 0, settings: { fsync: "off", full_page_writes: "off" } });
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
