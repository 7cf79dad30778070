import { unlink } from "node:fs/promises";

/** A segment that a dead process has left, all of it on the disk. */
export class InheritedFile {
  readonly path: string;
  readonly isComplete = true;
  readonly hasFailed = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Deletes the file; its spans are settled. Never rejects: what stays is delivered once more and counts once. */
  remove(): Promise<void> {
    return unlink(this.path).catch(() => undefined);
  }
}
