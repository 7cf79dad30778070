import type { Pool } from "pg";
import { isUnavailable } from "../sqlstate.ts";
import { hashToken } from "./api-key.ts";
import type { Key, KeyKind } from "./api-key.ts";
import { findKey } from "./find-key.ts";

export interface KeyRingOptions {
  /** How long a key is believed without a look at the database; a revocation binds within it. Default 10 s. */
  readonly knownForMs?: number;
  /** How long an unknown token is refused without another look. Default 1 s. */
  readonly unknownForMs?: number;
  /** How long a key outlives its last confirmation while the database is away (I14). Default 1 h. */
  readonly staleForMs?: number;
}

interface Known {
  readonly key: Key;
  readonly confirmedAtMs: number;
}

/** Longer ones are nobody's; so what is remembered stays small. */
const TOKEN_LENGTH_MAX = 512;
/** Bounds of memory. Unknown tokens have a map of their own, so that guessing cannot push out real keys. */
const KNOWN_MAX = 10_000;
const UNKNOWN_MAX = 10_000;

/**
 * Tells whom a bearer token belongs to, from memory where it was asked for lately. Memory is keyed by the token itself:
 * hashing it would be the dearest step of a decision's HTTP path.
 */
export class KeyRing {
  readonly #pool: Pool;
  readonly #knownForMs: number;
  readonly #unknownForMs: number;
  readonly #staleForMs: number;
  readonly #known = new Map<string, Known>();
  readonly #unknownUntilMs = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<Key | null>>();

  constructor(pool: Pool, options: KeyRingOptions = {}) {
    this.#pool = pool;
    this.#knownForMs = options.knownForMs ?? 10_000;
    this.#unknownForMs = options.unknownForMs ?? 1_000;
    this.#staleForMs = options.staleForMs ?? 3_600_000;
  }

  /** The key of a token if it is one of these kinds, else null. Rejects when the database is away and memory cannot tell. */
  async authenticate(token: string, kinds: readonly KeyKind[]): Promise<Key | null> {
    const key = await this.find(token);
    return key !== null && kinds.includes(key.kind) ? key : null;
  }

  /** The key of a token, of whatever kind; null = unknown or revoked. Rejects as `authenticate` does. */
  async find(token: string): Promise<Key | null> {
    if (token.length > TOKEN_LENGTH_MAX) return null;
    const nowMs = performance.now();
    const known = this.#known.get(token);
    if (known !== undefined && nowMs < known.confirmedAtMs + this.#knownForMs) return known.key;
    if (nowMs < (this.#unknownUntilMs.get(token) ?? 0)) return null;
    try {
      return await this.#lookUpOnce(token);
    } catch (error) {
      if (known !== undefined && isUnavailable(error) && nowMs < known.confirmedAtMs + this.#staleForMs)
        return known.key;
      throw error;
    }
  }

  /** Requests that ask for the same token at the same time share one query. */
  #lookUpOnce(token: string): Promise<Key | null> {
    const running = this.#lookups.get(token);
    if (running !== undefined) return running;
    const lookup = this.#lookUp(token).finally(() => this.#lookups.delete(token));
    this.#lookups.set(token, lookup);
    return lookup;
  }

  async #lookUp(token: string): Promise<Key | null> {
    const askedAtMs = performance.now();
    const key = await findKey(this.#pool, hashToken(token));
    if (key === null) {
      this.#known.delete(token);
      remember(this.#unknownUntilMs, token, askedAtMs + this.#unknownForMs, UNKNOWN_MAX);
    } else {
      remember(this.#known, token, { key, confirmedAtMs: askedAtMs }, KNOWN_MAX);
    }
    return key;
  }
}

/** Sets an entry as the youngest one and drops the oldest beyond `max`. */
function remember<Value>(map: Map<string, Value>, name: string, value: Value, max: number): void {
  map.delete(name);
  map.set(name, value);
  for (const oldest of map.keys()) {
    if (map.size <= max) return;
    map.delete(oldest);
  }
}
