import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";

import { ok, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";

/** Whether usage can wait on the disk, and what waits there. `folder` null: in memory only. */
export async function checkSpool(folder: string | null): Promise<Finding[]> {
  if (folder === null) {
    const found = "QUOTEL_SPOOL_DIR is off: usage waits in memory, and a crash takes it along";
    return [warning("spool", found, "unset QUOTEL_SPOOL_DIR, or name a folder on a local disk")];
  }
  const path = resolve(folder);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const probe = join(path, `doctor-${process.pid}.probe`);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    const found = `the spool ${path} cannot be written (${error instanceof Error ? error.message : String(error)})`;
    return [warning("spool", found, "let the app write it, or name another folder in QUOTEL_SPOOL_DIR")];
  }
  const { waiting, quarantined } = await contentOf(path);
  const found = `the spool ${path} can be written; ${waiting === 0 ? "nothing waits" : `${waiting} bytes wait for the collector`}`;
  if (quarantined === 0) return [ok("spool", found)];
  const fix = `look into ${join(path, "quarantine")}; what is moved one folder up is sent again`;
  return [ok("spool", found), warning("spool", `${quarantined} bytes are kept that the collector could not read`, fix)];
}

async function contentOf(folder: string): Promise<{ readonly waiting: number; readonly quarantined: number }> {
  const bytes = { waiting: 0, quarantined: 0 };
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    // A process may have delivered it by now.
    const size = await stat(path).then(
      (it) => it.size,
      () => 0,
    );
    bytes[path.includes(`${sep}quarantine${sep}`) ? "quarantined" : "waiting"] += size;
  }
  return bytes;
}
