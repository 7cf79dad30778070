import type { ReadOutcome } from "../quota/client/answers.ts";

const LIFE_MS = 5_000;
const ENTRIES_MAX = 10_000;

/** Answers of the service that hold for five seconds; what is no answer is not kept. Asked at the same time, it asks once. */
export class AnswerCache<T> {
  readonly #entries = new Map<string, { readonly untilMs: number; readonly answer: Promise<ReadOutcome<T>> }>();

  get(key: string, ask: () => Promise<ReadOutcome<T>>): Promise<ReadOutcome<T>> {
    const nowMs = performance.now();
    const known = this.#entries.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.answer;
    if (this.#entries.size >= ENTRIES_MAX) this.#entries.clear();
    const answer = ask();
    const entry = { untilMs: nowMs + LIFE_MS, answer };
    this.#entries.set(key, entry);
    void answer.then(({ kind }) => {
      if (kind !== "done" && this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return answer;
  }
}
