import type { DecisionItem } from "@quotel/conventions";
import type { Limit } from "../limit.ts";

/** How a limit stands for a tenant at the decision's instant, before what is asked for. */
export interface LimitStanding {
  readonly limit: Limit;
  readonly used: number;
  /** What reservations keep from others. */
  readonly reserved: number;
  /** How much more it admits: negative = nothing, not even nothing at all; Infinity = as much as anybody likes. */
  readonly room: number;
  /** The most it could ever admit, with nothing used. */
  readonly capacity: number;
  readonly remaining: number | null;
  readonly percentUsed: number | null;
  readonly state: DecisionItem["state"];
  /** Events without a price that close the limit; 0 where there are none, or the limit does not mind. */
  readonly unpriced: number;
  /** A rate limit: it counts what is admitted, not what is used and held, so what spans brought ahead covers nothing. */
  readonly countsAdmissions: boolean;
  /** Infinity = it never resets, or has nothing to reset. */
  readonly resetsAtMs: number;
  /** When so much more may fit, as far as anybody can know; Infinity = nobody can. */
  readonly mayFitAtMs: (added: number) => number;
  /** Whether so much more would fit if nothing were held: then it may fit when the first hold ends. */
  readonly waitsForHolds: (added: number) => boolean;
}
