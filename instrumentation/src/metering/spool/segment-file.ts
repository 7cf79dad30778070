import { unlinkSync } from "node:fs";
import { open, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import type { Signal } from "../signal.ts";
import { encodeHeader, encodeLine } from "./segment-format.ts";
import type { SegmentHeader } from "./segment-format.ts";
import { createFileSync, writeAll, writeAllSync } from "./write-all.ts";

export interface SegmentFileOptions {
  readonly path: string;
  readonly signal: Signal;
  readonly header: SegmentHeader;
  /** Makes the folder; rejects where there can be none. */
  readonly folder: () => Promise<void>;
  /** Called with what is to be written. */
  readonly onGrown: (bytes: number) => void;
  /** Called once; the file takes nothing more. */
  readonly onFailure: (err: unknown) => void;
  /** Called when the file is gone, with the bytes it had. */
  readonly onRemoved: (bytes: number) => void;
}

/**
 * A segment being written: append-only, one write under way at a time, what comes meanwhile goes with the next. Nothing
 * waits for it. The file appears with its first item.
 */
export class SegmentFile {
  readonly path: string;
  readonly signal: Signal;
  readonly #options: SegmentFileOptions;
  /** Lines not known to be written, the oldest first. */
  #lines: string[] = [];
  #started = false;
  #handle: FileHandle | null = null;
  #state: "open" | "sealed" | "complete" | "failed" | "removed" = "open";
  #work: Promise<void> | null = null;
  #sync: Promise<void> | null = null;
  #unsynced = false;
  #bytes = 0;

  constructor(options: SegmentFileOptions) {
    this.path = options.path;
    this.signal = options.signal;
    this.#options = options;
  }

  /** Sealed, and all of it written: it can be read. */
  get isComplete(): boolean {
    return this.#state === "complete";
  }

  /** Could not be written to the end. */
  get hasFailed(): boolean {
    return this.#state === "failed";
  }

  /** Bytes that are not known to be written. */
  get pendingBytes(): number {
    return this.#lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
  }

  append(item: string): void {
    if (this.#state !== "open") return;
    if (!this.#started) this.#add(encodeHeader(this.#options.header));
    this.#started = true;
    this.#add(encodeLine(item));
    this.#wake();
  }

  /** No more items will come. */
  seal(): void {
    if (this.#state !== "open") return;
    this.#state = "sealed";
    this.#wake();
  }

  /** Asks the disk to keep what is written, beside the writing. */
  sync(): void {
    if (!this.#unsynced || this.#sync !== null || this.#handle === null) return;
    this.#unsynced = false;
    this.#sync = this.#handle
      .datasync()
      .catch((err: unknown) => this.#fail(err))
      .finally(() => (this.#sync = null));
  }

  /** Deletes the file; its items are settled. Never rejects: what stays is delivered once more and counts once. */
  async remove(): Promise<void> {
    this.#state = "removed";
    await this.#work;
    await this.#close();
    await unlink(this.path).catch(() => undefined);
    this.#options.onRemoved(this.#bytes);
  }

  /**
   * For the end of the process: writes what is not known to be written, synchronously. A line that was on its way may be
   * there twice then, which counts once.
   */
  finishSync(): void {
    if (!this.#hasWork() || this.#lines.length === 0) return;
    const bytes = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    try {
      if (this.#handle === null) createFileSync(this.path, bytes);
      else writeAllSync(this.#handle.fd, bytes);
    } catch (err) {
      this.#fail(err);
    }
  }

  /** As `remove`, at the end of the process. */
  removeSync(): void {
    this.#state = "removed";
    try {
      unlinkSync(this.path);
    } catch {
      // It never came to be, or stays and is delivered once more.
    }
  }

  #add(line: string): void {
    const bytes = Buffer.byteLength(line);
    this.#lines.push(line);
    this.#bytes += bytes;
    this.#options.onGrown(bytes);
  }

  #wake(): void {
    this.#work ??= this.#write()
      .catch((err: unknown) => this.#fail(err))
      .finally(() => {
        this.#work = null;
        if (this.#hasWork()) this.#wake();
      });
  }

  #hasWork(): boolean {
    return this.#state === "sealed" || (this.#state === "open" && this.#lines.length > 0);
  }

  async #write(): Promise<void> {
    if (this.#handle === null) {
      await this.#options.folder();
      this.#handle = await open(this.path, "a", 0o600);
    }
    while (this.#lines.length > 0 && this.#state !== "removed") {
      const count = this.#lines.length;
      await writeAll(this.#handle.fd, Buffer.from(this.#lines.join("")));
      this.#lines.splice(0, count);
      this.#unsynced = true;
    }
    if (this.#state === "sealed") this.#state = "complete";
    if (this.#state === "complete") {
      await this.#handle.datasync();
      await this.#close();
    }
  }

  #fail(err: unknown): void {
    if (this.#state === "failed" || this.#state === "removed") return;
    this.#state = "failed";
    void this.#close();
    this.#options.onFailure(err);
  }

  async #close(): Promise<void> {
    await this.#sync;
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => undefined);
  }
}
