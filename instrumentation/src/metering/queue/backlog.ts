import type { Segment } from "./segment.ts";
import type { ItemQueue } from "./item-queue.ts";

/**
 * All that is to be sent: what this process records and what crashed processes have left. They take turns, so that neither
 * a busy process nor a large inheritance makes the other wait.
 */
export class Backlog {
  readonly #own: ItemQueue;
  #inherited: Segment[] = [];
  #ownHadTurn = false;
  #damaged = 0;

  constructor(own: ItemQueue) {
    this.#own = own;
  }

  get isEmpty(): boolean {
    return this.#own.waiting === 0 && this.#inherited.length === 0;
  }
  /** Lines of inherited segments that could not be read. */
  get damaged(): number {
    return this.#damaged;
  }

  inherit(segments: readonly Segment[]): void {
    this.#inherited.push(...segments);
  }

  /** The segment whose turn it is, its items in memory; null = there is nothing to send. `ownOnly`: somebody waits for ours. */
  async next(ownOnly: boolean): Promise<Segment | null> {
    for (;;) {
      const own = this.#own.head();
      const inherited = ownOnly ? undefined : this.#inherited[0];
      const segment = own === null || (inherited !== undefined && this.#ownHadTurn) ? inherited : own;
      if (segment === undefined) return null;
      this.#ownHadTurn = segment === own;
      if (segment === own) await this.#own.load(segment);
      else if (!segment.isInMemory) this.#damaged += await segment.load();
      if (segment.waiting > 0) return segment;
      if (segment !== own) await this.#leave(segment);
    }
  }

  isOwn(segment: Segment): boolean {
    return !this.#inherited.includes(segment);
  }

  /** The oldest `count` items of the segment need not be sent any more. Resolves when the next may be. Never rejects. */
  async settle(segment: Segment, count: number): Promise<void> {
    if (this.isOwn(segment)) return this.#own.settle(segment, count);
    segment.settle(count);
    if (segment.waiting === 0) await this.#leave(segment);
  }

  /** Part of the backlog until its file is gone: a process that ended before would have the next one deliver it again. */
  async #leave(segment: Segment): Promise<void> {
    await segment.file?.remove();
    this.#inherited = this.#inherited.filter((one) => one !== segment);
  }
}
