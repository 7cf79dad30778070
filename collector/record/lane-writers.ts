import { GroupCommit } from "#database/lanes/group-commit";
import { laneOf } from "#database/lanes/lane-of";

/** One writer per lane of tenants: what waits for a lane shares its next transaction, and lanes never meet. */
export class LaneWriters<Item extends { readonly tenantId: string }> {
  readonly #commit: (group: readonly Item[]) => Promise<void>;
  readonly #itemsMax: number;
  readonly #lanes = new Map<number, GroupCommit<readonly Item[], undefined>>();

  /**
   * @param commit commits a group, of one lane
   * @param itemsMax a group takes submissions until it holds this many items
   */
  constructor(commit: (group: readonly Item[]) => Promise<void>, itemsMax: number) {
    this.#commit = commit;
    this.#itemsMax = itemsMax;
  }

  /**
   * Resolves when all items are committed. All lanes are waited for, also when one fails: an answer must not race a
   * commit.
   */
  async submit(items: readonly Item[]): Promise<void> {
    const byLane = Map.groupBy(items, (item) => laneOf(item.tenantId));
    const results = await Promise.allSettled([...byLane].map(([lane, list]) => this.#writer(lane).submit(list)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Resolves when nothing is waiting or being committed. */
  async drained(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.drained()));
  }

  #writer(lane: number): GroupCommit<readonly Item[], undefined> {
    let writer = this.#lanes.get(lane);
    if (!writer) {
      writer = new GroupCommit({
        commit: async (group) => {
          await this.#commit(group.flat());
          return group.map(() => undefined);
        },
        maxWeight: this.#itemsMax,
        weightOf: (items) => items.length,
      });
      this.#lanes.set(lane, writer);
    }
    return writer;
  }
}
