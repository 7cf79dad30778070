import { unlink } from "node:fs/promises";

import type { Signal } from "../signal.ts";

/** A segment that a dead process has left, all of it on the disk. */
export class InheritedFile {
  readonly path: string;
  readonly signal: Signal;
  readonly isComplete = true;
  readonly hasFailed = false;

  constructor(path: string, signal: Signal) {
    this.path = path;
    this.signal = signal;
  }

  /** Deletes the file; its items are settled. Never rejects: what stays is delivered once more and counts once. */
  remove(): Promise<void> {
    return unlink(this.path).catch(() => undefined);
  }
}
