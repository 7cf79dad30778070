import type { UsageEvent } from "./usage-event.ts";

/** Longest label kept, in UTF-16 units; attributes are bounded so that one sender cannot bloat the ledger. */
const LABEL_MAX = 256;

/** Postgres text holds neither NUL nor lone surrogates: both become U+FFFD. Longer labels are cut. */
export function cleanLabel(text: string): string {
  const whole = text.isWellFormed() && !text.includes("\0") ? text : text.toWellFormed().replaceAll("\0", "\uFFFD");
  return whole.length <= LABEL_MAX ? whole : whole.slice(0, LABEL_MAX).toWellFormed();
}

/** The event with every free-text label made storable. */
export function cleanEvent(event: UsageEvent): UsageEvent {
  return {
    ...event,
    eventType: cleanLabel(event.eventType),
    provider: event.provider === null ? null : cleanLabel(event.provider),
    model: event.model === null ? null : cleanLabel(event.model),
    route: event.route === null ? null : cleanLabel(event.route),
    userId: event.userId === null ? null : cleanLabel(event.userId),
    bootId: event.bootId === null ? null : cleanLabel(event.bootId),
  };
}
