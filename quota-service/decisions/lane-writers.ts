import pLimit from "p-limit";
import { GroupCommit } from "#database/lanes/group-commit";
import { laneOf } from "#database/lanes/lane-of";

/**
 * A group's answers in order; null = its tenant was locked by someone else, try again. `sent` may be called when all that
 * is left is to wait for the commit.
 */
export type CommitDecisions<Request, Answer> = (
  group: readonly Request[],
  wait: boolean,
  sent: () => void,
) => Promise<readonly (Answer | null)[]>;

const GROUP_REQUESTS_MAX = 200;
/** After so many groups that passed a locked tenant over, its requests wait for the lock, apart from the others. */
const PASSED_OVER_MAX = 4;

/**
 * Lanes that decide at the same time; while one waits for its commit, which costs no time of ours, the next decides. With
 * more, groups would be smaller, and each decision would pay a larger part of its transaction.
 */
const DECIDING_AT_ONCE = 1;

/**
 * One writer per lane. Requests for a tenant that another process has locked go into the next group, so they stall
 * nobody; the ones that are passed over again and again wait for the lock in groups of their own.
 */
export class LaneWriters<Request, Answer> {
  readonly #writers = new Map<string, GroupCommit<Request, Answer | null>>();
  readonly #commit: CommitDecisions<Request, Answer>;
  readonly #limit = pLimit(DECIDING_AT_ONCE);

  constructor(commit: CommitDecisions<Request, Answer>) {
    this.#commit = commit;
  }

  async submit(tenantId: string, request: Request): Promise<Answer> {
    for (let passedOver = 0; ; passedOver += 1) {
      const answer = await this.#writer(tenantId, passedOver >= PASSED_OVER_MAX).submit(request);
      if (answer !== null) return answer;
    }
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.drained()));
  }

  /** Runs a commit when it is its turn. The turn is over when the commit says so, or at its end. */
  #untilSent(commit: () => Promise<void>, onTurn: (free: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): Promise<void> =>
        new Promise((free) => {
          onTurn(free);
          commit().finally(free).then(resolve, reject);
        });
      void this.#limit(turn);
    });
  }

  #writer(tenantId: string, wait: boolean): GroupCommit<Request, Answer | null> {
    const key = `${laneOf(tenantId)} ${wait}`;
    let writer = this.#writers.get(key);
    if (!writer) {
      // Of the group that is being committed; a writer commits one at a time.
      let sent = (): void => {};
      writer = new GroupCommit({
        commit: (group) => this.#commit(group, wait, () => sent()),
        maxWeight: GROUP_REQUESTS_MAX,
        // Who waits for a lock keeps nobody else waiting.
        inTurn: (commit) => (wait ? commit() : this.#untilSent(commit, (free) => (sent = free))),
      });
      this.#writers.set(key, writer);
    }
    return writer;
  }
}
