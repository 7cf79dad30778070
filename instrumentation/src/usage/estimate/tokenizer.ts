import { createRequire } from "node:module";

/** One vocabulary of `gpt-tokenizer`. */
export interface Tokenizer {
  count(text: string): number;
  /** Drops the words it remembers to be quicker: they are the text's. */
  forget(): void;
}

interface Encoding {
  countTokens(text: string, options: { readonly disallowedSpecial: ReadonlySet<string> }): number;
  clearMergeCache(): void;
}

/** Models before GPT-4o; all later ones share a vocabulary. */
const OLDER_MODELS = /^(gpt-4(?![.o])|gpt-3|text-embedding)/;
/** What looks like a control token is text here: nobody obeys it. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

const loaded = new Map<string, Tokenizer | null>();

/** The tokenizer of a model; null: the package is not installed, or another one than we know. Loaded at its first use. */
export function loadTokenizer(model: string): Tokenizer | null {
  const encoding = OLDER_MODELS.test(model) ? "cl100k_base" : "o200k_base";
  let tokenizer = loaded.get(encoding);
  if (tokenizer === undefined) loaded.set(encoding, (tokenizer = load(encoding)));
  return tokenizer;
}

function load(encoding: string): Tokenizer | null {
  try {
    const module: unknown = createRequire(import.meta.url)(`gpt-tokenizer/encoding/${encoding}`);
    if (!isEncoding(module)) return null;
    return { count: (text) => module.countTokens(text, AS_TEXT), forget: () => module.clearMergeCache() };
  } catch {
    return null;
  }
}

function isEncoding(module: unknown): module is Encoding {
  const { countTokens, clearMergeCache } = Object(module) as Partial<Record<keyof Encoding, unknown>>;
  return typeof countTokens === "function" && typeof clearMergeCache === "function";
}
