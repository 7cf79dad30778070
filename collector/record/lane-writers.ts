import { GroupCommit } from "#database/lanes/group-commit";
import { laneOf } from "#database/lanes/lane-of";

/** A lane holds as much as it may: the database is slower than what comes in. Nothing of the submission was taken. */
export class LaneFull extends Error {
  override readonly name = "LaneFull";
}

/** Groups that may wait in a lane, when the one before them is being committed. More would only wait longer. */
const GROUPS_WAITING_MAX = 4;

/** One writer per lane of tenants: what waits for a lane shares its next transaction, and lanes never meet. */
export class LaneWriters<Item extends { readonly tenantId: string }> {
  readonly #commit: (group: readonly Item[]) => Promise<void>;
  readonly #itemsMax: number;
  readonly #lanes = new Map<number, GroupCommit<readonly Item[], undefined>>();
  /** When each submission that is not committed yet came, oldest first. */
  readonly #underWay = new Set<{ readonly sinceMs: number }>();

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
   * commit. Throws LaneFull before anything is taken when one of the lanes is full, so that memory is bounded however
   * long the database takes, and half a submission is not committed only to come again.
   */
  async submit(items: readonly Item[]): Promise<void> {
    const byLane = [...Map.groupBy(items, (item) => laneOf(item.tenantId))];
    const itemsWaitingMax = this.#itemsMax * GROUPS_WAITING_MAX;
    if (byLane.some(([lane]) => this.#writer(lane).waitingWeight >= itemsWaitingMax)) {
      throw new LaneFull("too many items wait to be committed");
    }
    const submission = { sinceMs: performance.now() };
    this.#underWay.add(submission);
    const results = await Promise.allSettled(byLane.map(([lane, list]) => this.#writer(lane).submit(list)));
    this.#underWay.delete(submission);
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** How long the oldest submission has waited to be committed; 0 = none waits. */
  oldestWaitMs(): number {
    for (const { sinceMs } of this.#underWay) return performance.now() - sinceMs;
    return 0;
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
