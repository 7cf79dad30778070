import type { UsageEvent } from "./usage-event.ts";

/** Longest label kept, in UTF-16 units; attributes are bounded so that one sender cannot bloat the ledger. */
const LABEL_MAX = 256;

/** Postgres text holds neither NUL nor lone surrogates: both become U+FFFD. Longer labels are cut. */
export function cleanLabel(text: string): string {
  const whole = text.toWellFormed().replaceAll("\0", "\uFFFD");
  return whole.length <= LABEL_MAX ? whole : whole.slice(0, LABEL_MAX).toWellFormed();
}

/** The event with every free-text label made storable; itself where all of them are, as nearly always. */
export function cleanEvent(event: UsageEvent): UsageEvent {
  if (isClean(event)) return event;
  return {
    ...event,
    eventType: cleanLabel(event.eventType),
    resource: cleanOrNull(event.resource),
    provider: cleanOrNull(event.provider),
    model: cleanOrNull(event.model),
    serviceTier: cleanOrNull(event.serviceTier),
    route: cleanOrNull(event.route),
    userId: cleanOrNull(event.userId),
    bootId: cleanOrNull(event.bootId),
    detail: event.detail === null ? null : cleanDetail(event.detail),
  };
}

function isClean(event: UsageEvent): boolean {
  return (
    isCleanLabel(event.eventType) &&
    isCleanLabel(event.resource) &&
    isCleanLabel(event.provider) &&
    isCleanLabel(event.model) &&
    isCleanLabel(event.serviceTier) &&
    isCleanLabel(event.route) &&
    isCleanLabel(event.userId) &&
    isCleanLabel(event.bootId) &&
    event.detail === null
  );
}

function isCleanLabel(text: string | null): boolean {
  return text === null || (text.length <= LABEL_MAX && text.isWellFormed() && !text.includes("\0"));
}

function cleanOrNull(text: string | null): string | null {
  return text === null ? null : cleanLabel(text);
}

function cleanDetail(detail: NonNullable<UsageEvent["detail"]>): NonNullable<UsageEvent["detail"]> {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [
      cleanLabel(key),
      typeof value === "string" ? cleanLabel(value) : value,
    ]),
  );
}
