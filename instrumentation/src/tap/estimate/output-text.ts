import type { KeptText } from "./kept-text.ts";

/** The rest of a JSON string, from its opening quote on, as it is written; a cut one to where it was cut. */
const REST_OF_STRING = String.raw`((?:[^"\\]|\\.)*)`;

const whole = new Map<RegExp, RegExp>();

/** Adds the pieces of output in some JSON, whole or cut; `start` matches each up to its opening quote. */
export function addOutput(to: KeptText, json: string, start: RegExp): void {
  let piece = whole.get(start);
  if (piece === undefined) whole.set(start, (piece = new RegExp(`(?:${start.source})${REST_OF_STRING}`, "gs")));
  for (const [, written = ""] of json.matchAll(piece)) to.add(unescaped(written));
}

function unescaped(written: string): string {
  if (!written.includes("\\")) return written;
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return written; // cut inside an escape, or a line break that is none in JSON
  }
}
