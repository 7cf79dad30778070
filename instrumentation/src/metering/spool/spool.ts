import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { crypto } from "../../process/crypto.ts";
import { warnOnce } from "../../process/warn.ts";
import type { Boot } from "../boot.ts";
import type { Signal } from "../signal.ts";
import type { InheritedFile } from "./inherited-file.ts";
import { SegmentFile } from "./segment-file.ts";
import { encodeHeader, encodeLine } from "./segment-format.ts";
import type { SegmentHeader } from "./segment-format.ts";
import { segmentName } from "./segment-name.ts";
import { SpoolFolder } from "./spool-folder.ts";

export interface SpoolOptions {
  /** Absolute path of the spool's folder, which processes share. */
  readonly folder: string;
  /** Processes inherit from those that export to the same address only. */
  readonly endpoint: URL;
  readonly boot: Boot;
  readonly header: SegmentHeader;
  /** Bytes of the whole folder at most, about: each process may be a segment over. */
  readonly bytesMax: number;
}

/** How much a machine that loses its power can take with it. */
const SYNC_INTERVAL_MS = 1_000;
/** How often a process looks for what others have left. */
const INHERIT_INTERVAL_MS = 60_000;
const MEASURE_INTERVAL_MS = 5_000;
/** Rest after a failed write, such as on a full disk. */
const FAILURE_REST_MS = 30_000;
const QUARANTINE = "quarantine";
/** Short, because the path of a lock has to be; of a random id it tells processes apart. */
const PROCESS_NAME_LENGTH = 12;

/**
 * The spool of one process: files for its segments, what dead processes have left, and what the collector cannot read. All
 * work is asynchronous and in the background; what goes wrong is told once and leaves usage in memory.
 */
export class Spool {
  readonly #options: SpoolOptions;
  #ownFolder: SpoolFolder | undefined;
  readonly #files = new Set<SegmentFile>();
  readonly #timers: NodeJS.Timeout[];
  #bytes = 0;
  #measuredAt = -Infinity;
  #restsUntil = -Infinity;
  #quarantined = 0;
  readonly #onInherited: (files: readonly InheritedFile[]) => void;
  #firstLook: Promise<void> | null = null;

  constructor(options: SpoolOptions, onInherited: (files: readonly InheritedFile[]) => void) {
    this.#options = options;
    this.#onInherited = onInherited;
    this.#timers = [
      setTimeout(() => void this.lookForHeritage(), 1),
      setInterval(() => void this.#inherit(), INHERIT_INTERVAL_MS),
      setInterval(() => this.#sync(), SYNC_INTERVAL_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** Takes over what dead processes had left when this process began; resolves when it is ours. Never rejects. */
  lookForHeritage(): Promise<void> {
    return (this.#firstLook ??= this.#inherit());
  }

  /** A file for the next segment; null while there is no room or writing fails. */
  openFile(signal: Signal): SegmentFile | null {
    const nowMs = performance.now();
    if (nowMs < this.#restsUntil) return null;
    if (this.#bytes >= this.#options.bytesMax) {
      if (nowMs - this.#measuredAt > MEASURE_INTERVAL_MS) void this.#measure();
      this.#warn("FULL", `holds ${this.#options.bytesMax} bytes, its most (QUOTEL_SPOOL_MAX_MIB)`);
      return null;
    }
    const file = new SegmentFile({
      path: this.#folder.nextPath(signal),
      signal,
      header: this.#options.header,
      folder: () => this.#folder.make(),
      onGrown: (bytes) => (this.#bytes += bytes),
      onFailure: (err) => this.#failed(err),
      onRemoved: (bytes) => {
        this.#files.delete(file);
        this.#bytes -= bytes;
      },
    });
    this.#files.add(file);
    return file;
  }

  /** Keeps items that the collector cannot read; resolves to whether they are on the disk. */
  async quarantine(signal: Signal, header: SegmentHeader, items: readonly string[]): Promise<boolean> {
    this.#quarantined += 1;
    // No process has a folder of this name: moved back into the spool it is inherited like any other.
    const folder = join(this.#options.folder, QUARANTINE, `${this.#folder.name}-refused`);
    const text = encodeHeader(header) + items.map(encodeLine).join("");
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(join(folder, segmentName(this.#quarantined, signal)), text, { mode: 0o600 });
      this.#bytes += text.length;
      return true;
    } catch (err) {
      this.#failed(err);
      return false;
    }
  }

  /**
   * For the end of the process: what is recorded is on the disk when this returns, and of signals whose items are all settled
   * nothing is. Never throws.
   */
  finishSync(isSettled: (signal: Signal) => boolean): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const file of this.#files) {
      if (isSettled(file.signal)) file.removeSync();
      else file.finishSync();
    }
    this.#ownFolder?.leaveSync();
  }

  /** Named when it is first needed, which an app's start does not wait for. */
  get #folder(): SpoolFolder {
    const { folder, endpoint, boot } = this.#options;
    this.#ownFolder ??= new SpoolFolder(folder, familyOf(endpoint), boot.id.slice(-PROCESS_NAME_LENGTH));
    return this.#ownFolder;
  }

  async #inherit(): Promise<void> {
    try {
      // Made before there is anything to write: the first records are the disk's as soon as later ones.
      await this.#folder.make();
      const files = await this.#folder.inherit();
      if (files.length > 0) this.#onInherited(files);
    } catch (err) {
      this.#failed(err);
    }
    await this.#measure();
  }

  async #measure(): Promise<void> {
    this.#measuredAt = performance.now();
    const onDisk = await this.#folder.totalBytes();
    this.#bytes = [...this.#files].reduce((sum, file) => sum + file.pendingBytes, onDisk);
  }

  #sync(): void {
    for (const file of this.#files) file.sync();
  }

  #failed(err: unknown): void {
    this.#restsUntil = performance.now() + FAILURE_REST_MS;
    this.#warn("UNWRITABLE", `cannot be written (${err instanceof Error ? err.message : String(err)})`);
  }

  #warn(topic: string, what: string): void {
    warnOnce(
      `QUOTEL_SPOOL_${topic}`,
      `the spool ${this.#options.folder} ${what}: usage is kept in memory only, and lost if the process crashes; ` +
        "QUOTEL_SPOOL_DIR names another folder, or is `off`",
    );
  }
}

/** Processes that export to the same address are one family. */
function familyOf(endpoint: URL): string {
  return crypto().createHash("sha256").update(endpoint.href).digest("hex").slice(0, 8);
}
