import type { Decision, QuotaItem, ReservationDecision } from "@quotel/conventions";

import { perProcess } from "../../process/per-process.ts";
import { warnOnce } from "../../process/warn.ts";
import { fallbackDecision, fallbackReservation } from "./fallback-decision.ts";
import type { FailMode } from "./fallback-decision.ts";
import { uuidV7 } from "./uuid-v7.ts";

/** Decisions taken without the quota service, by all clients of the process. */
export const decisionsAlone = perProcess("decided-alone", () => ({ failOpen: 0, failClosed: 0 }));

/** Decides by the fail mode where the service at `base` gives no answer; counts it for whoever asks, and warns once. */
export class DecidedAlone {
  readonly counters = { failOpen: 0, failClosed: 0 };
  readonly #failMode: FailMode;
  readonly #base: string;

  constructor(failMode: FailMode, base: string) {
    this.#failMode = failMode;
    this.#base = base;
  }

  decide(tenantId: string): Decision {
    for (const counters of [this.counters, decisionsAlone()]) {
      if (this.#failMode === "open") counters.failOpen += 1;
      else counters.failClosed += 1;
    }
    warnOnce(
      "QUOTEL_QUOTA_UNREACHABLE",
      `the quota service at ${this.#base} gives no answer: failing ${this.#failMode}`,
    );
    return fallbackDecision(tenantId, uuidV7(), this.#failMode, Date.now());
  }

  reserve(tenantId: string, reservationId: string, items: readonly QuotaItem[]): ReservationDecision {
    return fallbackReservation(this.decide(tenantId), reservationId, items);
  }
}
