import type { DecisionItem, ReservationDecision } from "@quotel/conventions";
import { startRecordingProxy, type RecordedAnswer, type RecordedRequest } from "./recording-proxy.ts";

/** Made, repeated, denied for the amount, denied for the plan. Any other status carries an error instead. */
const DECISION_STATUSES = [201, 200, 429, 403];

/** The part of a decision that says whether it was right (`/v1/quota/reservations`). */
export type DecisionFigures = Pick<ReservationDecision, "allowed" | "tenantId"> & {
  readonly items: readonly Pick<DecisionItem, "requested" | "limit" | "used" | "reserved" | "enforcement">[];
};

/** Watches the app's reservations, because a decision shows more than the app tells its users. */
export interface DecisionWatch {
  readonly url: string;
  /** Denials of the tenant that contradict their own figures. */
  unjustDenials(tenantId: string): number;
  close(): Promise<void>;
}

/** Stands between the app and the quota service. */
export async function startDecisionWatch(quotaUrl: string): Promise<DecisionWatch> {
  const unjust = new Map<string, number>();
  const proxy = await startRecordingProxy(quotaUrl, (request, answer) => {
    const decision = readReservation(request, answer);
    if (decision === null || !isUnjustDenial(decision)) return;
    unjust.set(decision.tenantId, (unjust.get(decision.tenantId) ?? 0) + 1);
  });
  return { url: proxy.url, unjustDenials: (tenantId) => unjust.get(tenantId) ?? 0, close: () => proxy.close() };
}

/**
 * True for a denial although everything that was asked for fitted: used + reserved + requested <= limit, for every limit
 * that may deny at all.
 */
export function isUnjustDenial({ allowed, items }: DecisionFigures): boolean {
  if (allowed) return false;
  return items.every((item) => {
    const mayDeny = item.limit !== null && item.enforcement === "hard";
    return !mayDeny || item.used + item.reserved + item.requested <= item.limit;
  });
}

function readReservation(request: RecordedRequest, answer: RecordedAnswer): DecisionFigures | null {
  if (request.method !== "POST" || request.path !== "/v1/quota/reservations") return null;
  return DECISION_STATUSES.includes(answer.status) ? (JSON.parse(answer.body.toString()) as DecisionFigures) : null;
}
