/**
 * One writer of one lane: requests that arrive while a group is being committed wait and form the next group, so that
 * they share its transaction (group commit). No timer: an idle writer starts at once.
 */
export class GroupCommit<Request, Answer> {
  readonly #commit: (group: readonly Request[]) => Promise<readonly Answer[]>;
  readonly #maxWeight: number;
  readonly #weightOf: (request: Request) => number;
  readonly #inTurn: (commit: () => Promise<void>) => Promise<void>;
  #waiting: Waiting<Request, Answer>[] = [];
  #waitingWeight = 0;
  #running: Promise<void> | null = null;

  /**
   * @param commit commits a group and answers each request, in order; a rejection rejects the whole group
   * @param maxWeight a group takes requests until their weights reach this; always at least one
   * @param inTurn runs a commit when it may; the group is made up only then. Absent = at once
   */
  constructor(options: {
    readonly commit: (group: readonly Request[]) => Promise<readonly Answer[]>;
    readonly maxWeight: number;
    readonly weightOf?: (request: Request) => number;
    readonly inTurn?: (commit: () => Promise<void>) => Promise<void>;
  }) {
    this.#commit = options.commit;
    this.#maxWeight = options.maxWeight;
    this.#weightOf = options.weightOf ?? (() => 1);
    this.#inTurn = options.inTurn ?? ((commit) => commit());
  }

  /** Resolves with the answer once the group that holds the request has been committed. */
  submit(request: Request): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#waitingWeight += this.#weightOf(request);
    });
    this.#running ??= this.#run();
    return answer;
  }

  /** Weight of the requests that wait; those being committed are not among them. */
  get waitingWeight(): number {
    return this.#waitingWeight;
  }

  /** Resolves when nothing is waiting or being committed. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Requests of the same turn of the event loop join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#inTurn(() => this.#commitGroup(this.#takeGroup()));
    this.#running = null;
  }

  async #commitGroup(group: readonly Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await this.#commit(group.map((waiting) => waiting.request));
      group.forEach((waiting, index) => waiting.resolve(answers[index]!));
    } catch (error) {
      for (const waiting of group) waiting.reject(error);
    }
  }

  #takeGroup(): Waiting<Request, Answer>[] {
    let weight = 0;
    let count = 0;
    do {
      weight += this.#weightOf(this.#waiting[count]!.request);
      count += 1;
    } while (count < this.#waiting.length && weight < this.#maxWeight);
    this.#waitingWeight -= weight;
    return this.#waiting.splice(0, count);
  }
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
