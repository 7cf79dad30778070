import { readFile } from "node:fs/promises";
import { validateCatalogue } from "./catalogue.ts";
import type { CatalogueResult } from "./catalogue.ts";

/** Reads a catalogue file (`QUOTEL_PLANS`). A file that is missing or is not JSON is a problem like any other. */
export async function loadCatalogue(file: string): Promise<CatalogueResult> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    return { ok: false, problems: [{ path: "", message: error instanceof Error ? error.message : String(error) }] };
  }
  return validateCatalogue(json);
}
