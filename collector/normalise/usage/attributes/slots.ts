import type { Attributes, AttributeValue } from "../../../decode/attributes.ts";
import { KEPT_NAMES, METADATA_PREFIX, NAMES } from "../attribute-names.ts";

export type Meaning = keyof typeof NAMES;

/** Labels are for people; a longer one is cut rather than refused. */
const LABEL_LENGTH_MAX = 256;

const MEANINGS = Object.keys(NAMES) as Meaning[];

/** The number of each meaning, for `Slots`. */
export const SLOT = Object.freeze(Object.fromEntries(MEANINGS.map((meaning, slot) => [meaning, slot]))) as Readonly<
  Record<Meaning, number>
>;

/** Kept beside the event rather than in a slot. */
const KEPT = -1;
const SLOT_OF_NAME: ReadonlyMap<string, number> = new Map([
  ...MEANINGS.flatMap((meaning, slot) => NAMES[meaning].map((name): [string, number] => [name, slot])),
  ...KEPT_NAMES.map((name): [string, number] => [name, KEPT]),
]);

const ALL_EMPTY: (AttributeValue | undefined)[] = MEANINGS.map(() => undefined);

/**
 * The attributes of one span by what they mean. One pass over them fills all slots: a dozen attributes are looked up
 * once each, rather than two hundred names in a dozen attributes.
 *
 * A NaN counts as absent: it is how JavaScript senders spell "unknown", and OTLP/JSON cannot carry it at all.
 */
export class Slots {
  readonly #attributes: Attributes;
  readonly #values: readonly (AttributeValue | undefined)[];
  /** Attributes that no slot holds: `KEPT_NAMES` and the app's metadata. Null for most spans. */
  readonly kept: readonly (readonly [string, AttributeValue])[] | null;

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
    const entries = attributes.entries();
    const values = entries.length === 0 ? ALL_EMPTY : ALL_EMPTY.slice();
    let kept: [string, AttributeValue][] | null = null;
    for (const entry of entries) {
      const [name, value] = entry;
      if (Number.isNaN(value)) continue;
      const slot = SLOT_OF_NAME.get(name);
      if (slot === undefined || slot === KEPT) {
        if (slot === undefined && !name.startsWith(METADATA_PREFIX)) continue;
        kept ??= [];
        kept.push(entry);
      } else values[slot] = values[slot] === undefined ? value : this.#firstOf(slot)?.[1];
    }
    this.#values = values;
    this.kept = kept;
  }

  /** The value under the first name of `SLOT.<meaning>` that is present. */
  get(slot: number): AttributeValue | undefined {
    return this.#values[slot];
  }

  /** That value with the name it came under. */
  named(slot: number): readonly [string, AttributeValue] | undefined {
    return this.#values[slot] === undefined ? undefined : this.#firstOf(slot);
  }

  /** The same for text that labels an event but decides nothing: empty or not text = null, cut at 256 characters. */
  label(slot: number): string | null {
    const value = this.#values[slot];
    if (typeof value !== "string" || value === "") return null;
    return value.length > LABEL_LENGTH_MAX ? value.slice(0, LABEL_LENGTH_MAX) : value;
  }

  #firstOf(slot: number): readonly [string, AttributeValue] | undefined {
    for (const name of NAMES[MEANINGS[slot]!]) {
      const value = this.#attributes.get(name);
      if (value !== undefined && !Number.isNaN(value)) return [name, value];
    }
    return undefined;
  }
}
