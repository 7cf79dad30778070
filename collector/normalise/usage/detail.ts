import type { UsageEvent } from "#database/record/usage-event";
import type { AttributeValue } from "../../decode/attributes.ts";
import { METADATA_PREFIX } from "./attribute-names.ts";
import { SLOT, type Slots } from "./attributes/slots.ts";

type Entry = readonly [string, AttributeValue];

const ENTRIES_MAX = 32;
const KEY_LENGTH_MAX = 64;
const TEXT_LENGTH_MAX = 256;
/** Of the whole as JSON, in UTF-8. */
const BYTES_MAX = 4096;

/**
 * What the sender said and no column holds, null for most events: `raw.<attribute>` = token counters that normalisation
 * changed or could not use, tokens by modality, costs others computed; `request_model` where another model answered;
 * `metadata.<name>` = what the app gave with `quotel.metadata.<name>`. What exceeds the bounds is left out, metadata
 * first; texts are cut.
 */
export function detailOf(slots: Slots, raw: readonly Entry[] | null): UsageEvent["detail"] {
  const rerouted = reroutedModel(slots);
  if (raw === null && slots.kept === null && rerouted === null) return null;
  const kept = slots.kept ?? [];
  const isMetadata = ([name]: Entry) => name.startsWith(METADATA_PREFIX);
  return bounded([
    ...(raw ?? []).map(([name, value]): Entry => [`raw.${name}`, value]),
    ...(rerouted === null ? [] : [["request_model", rerouted] as const]),
    ...kept.filter((entry) => !isMetadata(entry)).map(([name, value]): Entry => [`raw.${name}`, value]),
    ...kept.filter(isMetadata).map(([name, value]): Entry => [`metadata.${name.slice(METADATA_PREFIX.length)}`, value]),
  ]);
}

/** The model asked for, where the one that answered is not just a dated version of it. */
function reroutedModel(slots: Slots): string | null {
  const answered = slots.label(SLOT.responseModel);
  if (answered === null) return null;
  const asked = slots.label(SLOT.requestModel);
  return asked === null || answered.startsWith(asked) ? null : asked;
}

function bounded(entries: readonly Entry[]): UsageEvent["detail"] {
  const detail = new Map<string, AttributeValue>();
  let bytes = 2;
  for (const [key, sent] of entries) {
    if (detail.size === ENTRIES_MAX) break;
    if (key.length > KEY_LENGTH_MAX || detail.has(key) || (typeof sent === "number" && !Number.isFinite(sent)))
      continue;
    const value = typeof sent === "string" ? cut(sent) : sent;
    bytes += Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(JSON.stringify(value)) + 2;
    if (bytes > BYTES_MAX) break;
    detail.set(key, value);
  }
  return detail.size === 0 ? null : Object.fromEntries(detail);
}

/** Never between the halves of a surrogate pair: half a character is no text to Postgres. */
function cut(text: string): string {
  return text.length <= TEXT_LENGTH_MAX ? text : text.slice(0, TEXT_LENGTH_MAX).replace(/[\uD800-\uDBFF]$/, "");
}
