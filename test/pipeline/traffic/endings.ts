import type { UsageEvent } from "#database/record/usage-event";
import { close, extend, release } from "./quota-client.ts";

/** Admitted work that holds `estimate` tokens, and what it needs to come to its end. */
export interface AdmittedWork {
  readonly quotaUrl: string;
  readonly tenant: string;
  readonly reservationId: string;
  /** At least 2. */
  readonly estimate: number;
  /** A span of the work; the same name is the same span. */
  span(name: string, tokens: number): UsageEvent;
  /** Sends spans in one request. */
  deliver(...spans: readonly UsageEvent[]): Promise<void>;
  /** Sends spans when everything else is over. */
  deliverLate(...spans: readonly UsageEvent[]): void;
}

/** What a piece of work leaves behind once all its spans are there. */
export interface Remains {
  readonly used: number;
  readonly reserved: number;
}

/** The ways in which work under a reservation ends. None uses more than it was granted. */
export const ENDINGS: readonly ((work: AdmittedWork) => Promise<Remains>)[] = [
  neverHappened,
  closedThenSettled,
  settledWhileClosing,
  neverClosed,
  extendedAndLate,
  settledByClosing,
  missingSpan,
];

async function neverHappened({ quotaUrl, tenant, reservationId }: AdmittedWork): Promise<Remains> {
  await release(quotaUrl, tenant, reservationId);
  return { used: 0, reserved: 0 };
}

async function closedThenSettled(work: AdmittedWork): Promise<Remains> {
  const used = work.estimate - 1;
  await close(work.quotaUrl, work.tenant, work.reservationId, used);
  const spans = [work.span("first", 1), work.span("rest", used - 1)] as const;
  await Promise.all([work.deliver(...spans), work.deliver(spans[1])]);
  return { used, reserved: 0 };
}

async function settledWhileClosing(work: AdmittedWork): Promise<Remains> {
  const used = work.estimate - 1;
  const span = work.span("all", used);
  await Promise.all([work.deliver(span, span), close(work.quotaUrl, work.tenant, work.reservationId, used)]);
  return { used, reserved: 0 };
}

/** A repeated span must not free what is held for the others. */
async function neverClosed(work: AdmittedWork): Promise<Remains> {
  const span = work.span("first", 1);
  await Promise.all([work.deliver(span), work.deliver(span)]);
  return { used: 1, reserved: work.estimate - 1 };
}

async function extendedAndLate(work: AdmittedWork): Promise<Remains> {
  const extended = await extend(work.quotaUrl, work.tenant, work.reservationId, 2);
  const used = work.estimate + (extended ? 2 : 0);
  await close(work.quotaUrl, work.tenant, work.reservationId, used);
  const span = work.span("late", used);
  work.deliverLate(span, span);
  return { used, reserved: 0 };
}

async function settledByClosing({ quotaUrl, tenant, reservationId, estimate }: AdmittedWork): Promise<Remains> {
  await close(quotaUrl, tenant, reservationId, estimate, "now");
  return { used: estimate, reserved: 0 };
}

/** Closed at more than what its spans bring: usage in flight stays held. */
async function missingSpan(work: AdmittedWork): Promise<Remains> {
  const span = work.span("first", 1);
  await work.deliver(span);
  await Promise.all([work.deliver(span), close(work.quotaUrl, work.tenant, work.reservationId, work.estimate - 1)]);
  return { used: 1, reserved: work.estimate - 2 };
}
