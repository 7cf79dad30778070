import { closeSync, mkdirSync, openSync, renameSync, write, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes all of it. By callback: through a file handle it would take twice as long, and that is what a crash can take. */
export async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, offset, (err, written) => (err === null ? resolve(written) : reject(err)));
    });
  }
}

/** As `writeAll`, at the end of the process. */
export function writeAllSync(fd: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length;) offset += writeSync(fd, bytes, offset);
}

/** Makes a file of it, whole from the moment it has its name: another process may take it over then. */
export function createFileSync(path: string, bytes: Buffer): void {
  const partial = `${path}.partial`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(partial, "a", 0o600);
  writeAllSync(fd, bytes);
  closeSync(fd);
  renameSync(partial, path);
}
