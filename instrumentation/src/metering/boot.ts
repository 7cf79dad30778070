import { crypto } from "../process/crypto.ts";

/** One start of a process, as records, points and the spool name it. Its id is made when it is first asked for; see `crypto`. */
export class Boot {
  #id: string | undefined;

  /** A random UUID. */
  get id(): string {
    this.#id ??= crypto().randomUUID();
    return this.#id;
  }
}
