import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The variables that hold keys, and what each is for. */
const KEY_VARIABLES = ["QUOTEL_INGEST_KEY", "QUOTEL_SERVICE_KEY", "QUOTEL_ADMIN_KEY", "QUOTEL_CRON_SECRET"] as const;
export type KeyVariable = (typeof KEY_VARIABLES)[number];
export type Credentials = Readonly<Record<KeyVariable, string>>;

/**
 * The keys to run with: those of the environment, else those of an earlier start, else new ones, which are kept in
 * `credentials.json` (mode 0600) in the data directory.
 */
export async function ensureCredentials(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly credentials: Credentials; readonly file: string }> {
  const file = join(dataDir, "credentials.json");
  const stored = await readStored(file);
  const kept: Record<string, string> = { ...stored };
  const credentials: Record<string, string> = {};
  for (const name of KEY_VARIABLES) {
    const given = env[name]?.trim();
    credentials[name] = given || (kept[name] ??= `quotel_${randomBytes(24).toString("base64url")}`);
  }
  if (Object.keys(kept).length > Object.keys(stored).length) {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  }
  return { credentials: credentials as Credentials, file };
}

async function readStored(file: string): Promise<Record<string, string>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    throw new Error(`${file} is not JSON: repair it, or move it away to have new keys made`);
  }
}
