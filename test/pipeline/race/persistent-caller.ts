import { setTimeout as sleep } from "node:timers/promises";
import type { ReservationDecision, ReservationPatch, ReserveRequest } from "@quotel/conventions";
import { KEYS } from "../processes/rooms.ts";
import type { Fleet } from "./fleet.ts";

/** What a race consisted of; for whoever reads the run's output. */
export interface RaceCounts {
  requests: number;
  admitted: number;
  denied: number;
  /** Requests whose answer was lost with its service. */
  lost: number;
  /** Answers that were given without the database. */
  withoutDatabase: number;
}

export const noCounts = (): RaceCounts => ({ requests: 0, admitted: 0, denied: 0, lost: 0, withoutDatabase: 0 });

/** The database's word on a reservation. `repeated`: an attempt whose answer was lost had admitted it already. */
export interface FinalWord {
  readonly decision: ReservationDecision;
  readonly admitted: boolean;
  readonly repeated: boolean;
}

/** Before a repetition; each pause is twice as long as the one before, so an outage is no storm. */
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2_000;
/** Longer than any outage of a race. */
const PATIENCE_MS = 60_000;

/**
 * A caller that does what the API asks of callers: it repeats a request, under the same reservation id and at the next
 * service, until the database itself has answered. It throws on answers that no outage explains.
 */
export class PersistentCaller {
  readonly #fleet: Fleet;
  readonly #counts: RaceCounts;
  #mayAsk = Promise.resolve();

  constructor(fleet: Fleet, counts: RaceCounts) {
    this.#fleet = fleet;
    this.#counts = counts;
  }

  /** Nobody asks or repeats anything while `work` is done; then all that have waited do at once. */
  async silentDuring(work: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#mayAsk = promise;
    await work().finally(resolve);
  }

  /** @param first the service that is asked first */
  async reserve(first: number, request: ReserveRequest): Promise<FinalWord> {
    const { status, body } = await this.#insist(first, "POST", "/v1/quota/reservations", request, [200, 201, 403, 429]);
    const decision = body as ReservationDecision;
    const admitted = status < 300;
    this.#counts[admitted ? "admitted" : "denied"] += 1;
    return { decision, admitted, repeated: status === 200 };
  }

  /** Says that the work did not happen. */
  async release(first: number, tenantId: string, reservationId: string): Promise<void> {
    await this.#insist(first, "DELETE", `/v1/quota/reservations/${reservationId}`, { tenantId }, [204]);
  }

  /** Closes at the true amount of one resource and nothing of the others, and has it recorded. */
  async closeNow(
    first: number,
    tenantId: string,
    reservationId: string,
    resource: string,
    amount: number,
  ): Promise<void> {
    const change: ReservationPatch = { action: "close", items: [{ resource, amount }], settle: "now" };
    // 409 RESERVATION_ENDED: an attempt whose answer was lost has closed it.
    const path = `/v1/quota/reservations/${reservationId}`;
    await this.#insist(first, "PATCH", path, { tenantId, ...change }, [200], [409]);
  }

  /** @param whenRepeated further statuses that are right where an earlier attempt may have done the work */
  async #insist(
    first: number,
    method: string,
    path: string,
    request: object,
    expected: readonly number[],
    whenRepeated: readonly number[] = [],
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const deadline = Date.now() + PATIENCE_MS;
    for (let attempt = 0; Date.now() < deadline; attempt += 1) {
      await this.#mayAsk;
      this.#counts.requests += 1;
      const answer = await ask(this.#fleet.url(first + attempt), method, path, request);
      if (answer === null) this.#counts.lost += 1;
      else if (answer.status === 503 || isWithoutDatabase(answer.body)) this.#counts.withoutDatabase += 1;
      else if (expected.includes(answer.status) || (attempt > 0 && whenRepeated.includes(answer.status))) return answer;
      else throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      await sleep(Math.min(PAUSE_MS_MIN * 2 ** attempt, PAUSE_MS_MAX));
    }
    throw new Error(`${method} ${path} had no final answer in ${PATIENCE_MS} ms`);
  }
}

/** Null where no answer came, whole or at all. */
async function ask(
  url: string,
  method: string,
  path: string,
  request: object,
): Promise<{ readonly status: number; readonly body: unknown } | null> {
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${KEYS.service}`, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  } catch (error) {
    // How fetch reports a connection that was refused or broke.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function isWithoutDatabase(body: unknown): boolean {
  return typeof body === "object" && body !== null && "mode" in body && body.mode !== "strict";
}
