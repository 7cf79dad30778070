import { readFile } from "node:fs/promises";
import { validateCatalogue } from "../catalogue.ts";
import type { CatalogueResult } from "../catalogue.ts";
import { parseJsonWithPositions } from "./json-positions.ts";

/**
 * Reads a catalogue file (`QUOTEL_PLANS`) and says line and column of everything that is wrong with it. A file that is
 * missing or is not JSON is a problem like any other.
 */
export async function loadCatalogue(file: string): Promise<CatalogueResult> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return { ok: false, problems: [{ path: "", message: error instanceof Error ? error.message : String(error) }] };
  }
  const parsed = parseJsonWithPositions(text);
  if (!parsed.ok) return { ok: false, problems: [{ path: "", message: parsed.message, position: parsed.position }] };
  return validateCatalogue(parsed.json, parsed.positionOf);
}
