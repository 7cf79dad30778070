import { rmdirSync, rmSync, unlinkSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

import { isFolderLocked, lockFolder } from "./process-lock.ts";
import type { FolderLock } from "./process-lock.ts";

/** A folder that is not yet locked has this at its end; nobody takes it for one that a crash left. */
const UNBORN = ".new";
const UNBORN_MS_MAX = 60_000;
const SEGMENT = ".spool";

/**
 * The part of the spool's folder that is one process's: `<root>/<family>-<process>/`. Processes of one family export to the
 * same collector and inherit from one another.
 */
export class SpoolFolder {
  readonly path: string;
  readonly #root: string;
  readonly #family: string;
  readonly #name: string;
  #lock: FolderLock | null = null;
  #made: Promise<void> | null = null;
  #number = 0;

  constructor(root: string, family: string, name: string) {
    this.#root = root;
    this.#family = `${family}-`;
    this.#name = name;
    this.path = join(root, this.#name);
  }

  /** Path of the next segment; names sort in the order in which they are given. */
  nextPath(): string {
    this.#number += 1;
    return join(this.path, `${String(this.#number).padStart(8, "0")}${SEGMENT}`);
  }

  /** Makes the folder, locked from the moment it has its name. Rejects where that cannot be; may then be tried again. */
  make(): Promise<void> {
    this.#made ??= this.#make().catch((err: unknown) => {
      this.#made = null;
      throw err;
    });
    return this.#made;
  }

  async #make(): Promise<void> {
    const unborn = this.path + UNBORN;
    await mkdir(unborn, { recursive: true, mode: 0o700 });
    this.#lock = await lockFolder(unborn);
    await rename(unborn, this.path);
  }

  /** Moves segments of dead processes of the family here, to the folder that was made; resolves to where they are now. A segment has one heir. */
  async inherit(): Promise<string[]> {
    const inherited: string[] = [];
    for (const name of await this.#others()) {
      const folder = join(this.#root, name);
      if (await isFolderLocked(folder)) continue;
      const segments = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(SEGMENT));
      for (const segment of segments.sort()) {
        const path = this.nextPath();
        // Somebody else may have been faster.
        const moved = await rename(join(folder, segment), path).then(
          () => true,
          () => false,
        );
        if (moved) inherited.push(path);
      }
      await unlink(join(folder, "lock")).catch(() => undefined);
      await rmdir(folder).catch(() => undefined);
    }
    return inherited;
  }

  async #others(): Promise<string[]> {
    const names = (await readdir(this.#root).catch(() => [])).filter((name) => name.startsWith(this.#family));
    for (const name of names.filter((one) => one.endsWith(UNBORN))) await this.#removeStillborn(join(this.#root, name));
    return names.filter((name) => name !== this.#name && !name.endsWith(UNBORN));
  }

  async #removeStillborn(folder: string): Promise<void> {
    const age = await stat(folder).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > UNBORN_MS_MAX && !(await isFolderLocked(folder))) await rm(folder, { recursive: true, force: true });
  }

  /** Bytes of everything in the spool's folder, other processes' and quarantined segments too. */
  async totalBytes(): Promise<number> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => []);
    const sizes = entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** For the end of the process: gives the folder up, and deletes it if nothing is left in it. */
  leaveSync(): void {
    this.#lock?.release();
    try {
      rmSync(this.path + UNBORN, { recursive: true, force: true });
      unlinkSync(join(this.path, "lock"));
      rmdirSync(this.path);
    } catch {
      // Segments are left for the next process, which removes the folder.
    }
  }
}
