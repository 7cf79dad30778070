import { rmdirSync, rmSync, unlinkSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

import type { Signal } from "../signal.ts";
import { InheritedFile } from "./inherited-file.ts";
import { isFolderLocked, lockFolder } from "./process-lock.ts";
import type { FolderLock } from "./process-lock.ts";
import { segmentName, signalOfSegment } from "./segment-name.ts";

/** A folder that is not yet locked has this at its end; nobody takes it for one that a crash left. */
const UNBORN = ".new";
const UNBORN_MS_MAX = 60_000;

/**
 * The part of the spool's folder that is one process's: `<root>/<family>-<process>/`. Processes of one family export to the
 * same collector and inherit from one another.
 */
export class SpoolFolder {
  readonly name: string;
  readonly path: string;
  readonly #root: string;
  readonly #family: string;
  #lock: FolderLock | null = null;
  #made: Promise<void> | null = null;
  #number = 0;

  constructor(root: string, family: string, process: string) {
    this.#root = root;
    this.#family = `${family}-`;
    this.name = `${family}-${process}`;
    this.path = join(root, this.name);
  }

  /** Path of the next segment; names sort in the order in which they are given. */
  nextPath(signal: Signal): string {
    this.#number += 1;
    return join(this.path, segmentName(this.#number, signal));
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

  /** Moves segments of dead processes of the family here, to the folder that was made; resolves to them. A segment has one heir. */
  async inherit(): Promise<InheritedFile[]> {
    const inherited: InheritedFile[] = [];
    for (const name of await this.#others()) {
      const folder = join(this.#root, name);
      if (await isFolderLocked(folder)) continue;
      const names = await readdir(folder).catch((): string[] => []);
      for (const segment of names.sort()) {
        const signal = signalOfSegment(segment);
        if (signal === null) continue;
        const path = this.nextPath(signal);
        // Somebody else may have been faster.
        const moved = await rename(join(folder, segment), path).then(
          () => true,
          () => false,
        );
        if (moved) inherited.push(new InheritedFile(path, signal));
      }
      await unlink(join(folder, "lock")).catch(() => undefined);
      await rmdir(folder).catch(() => undefined);
    }
    return inherited;
  }

  async #others(): Promise<string[]> {
    const names = (await readdir(this.#root).catch(() => [])).filter((name) => name.startsWith(this.#family));
    for (const name of names.filter((one) => one.endsWith(UNBORN))) await this.#removeStillborn(join(this.#root, name));
    return names.filter((name) => name !== this.name && !name.endsWith(UNBORN));
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
