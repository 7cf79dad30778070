import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

/** Longer than a run takes. Another checkout may share the cache and be at other sources. */
const UNUSED_MS_MAX = 24 * 3_600_000;

interface Kept {
  /** Folder of everything that is kept. */
  readonly cache: string;
  readonly name: string;
  /** 16 hex digits: what it is made from. */
  readonly hash: string;
  /** Makes it in a folder of its own; resolves to the file or folder to keep. */
  readonly make: (draft: string) => Promise<string>;
}

/**
 * A file or folder that is made once and kept between runs, at `<cache>/<name>-<hash>`. It is made beside its place and then
 * moved there, so that one that was interrupted is never taken for a whole one; of two runs that make it at once either's
 * serves both. What was made from earlier sources, and what was interrupted, goes when nobody has used it for a day.
 */
export async function keptBetweenRuns({ cache, name, hash, make }: Kept): Promise<string> {
  const place = join(cache, `${name}-${hash}`);
  if (!(await use(place))) {
    await mkdir(cache, { recursive: true });
    const draft = await mkdtemp(`${place}-`);
    try {
      const made = await make(draft);
      await rename(made, place).catch(async (error: unknown) => {
        if (!(await use(place))) throw error;
      });
      await use(place);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  await removeUnused(cache, name);
  return place;
}

/** Marks it as used now; resolves to whether it is there. */
async function use(place: string): Promise<boolean> {
  const now = new Date();
  return utimes(place, now, now).then(
    () => true,
    () => false,
  );
}

/** By way of another name: one that is removed in part must not be taken for a whole one. */
async function removeUnused(cache: string, name: string): Promise<void> {
  const ours = new RegExp(`^${name}-[0-9a-f]{16}(-.*)?$`);
  for (const entry of (await readdir(cache)).filter((one) => ours.test(one))) {
    const path = join(cache, entry);
    const usedAt = await stat(path).catch(() => null);
    if (usedAt === null || Date.now() - usedAt.mtimeMs < UNUSED_MS_MAX) continue;
    const removed = `${path}-removed-${process.pid}`;
    // Another run may be removing it, too.
    await rename(path, removed).catch(() => undefined);
    await rm(removed, { recursive: true, force: true });
  }
}
