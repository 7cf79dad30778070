import { COUNTED_CHARS_MAX, estimateTokens } from "../../usage/estimate/estimate-tokens.ts";

/** A text whose tokens may have to be estimated: as much of it as is counted, and how long it is. It never leaves the memory. */
export class KeptText {
  #kept = "";
  #length = 0;

  /** UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  add(piece: string): void {
    this.#length += piece.length;
    if (this.#kept.length < COUNTED_CHARS_MAX) this.#kept += piece.slice(0, COUNTED_CHARS_MAX - this.#kept.length);
  }

  /** About how many tokens it has, to that model. */
  tokens(model: string | undefined): number {
    if (this.#length === 0) return 0;
    return Math.ceil(estimateTokens(this.#kept, model).tokens * (this.#length / this.#kept.length));
  }
}
