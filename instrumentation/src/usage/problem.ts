import { EVENT_AMOUNT_MAX, EVENT_TOKENS_MAX, RESOURCE_PATTERN } from "@quotel/conventions";

import { canBeHeld } from "../levels/held-resources.ts";
import type { UsageReport } from "./usage-report.ts";

/** Why the collector would refuse a report, or null; pure. */
export function problemOf(report: UsageReport): string | null {
  const { eventType, resource, amount } = report;
  if (eventType !== undefined && !RESOURCE_PATTERN.test(eventType))
    return `${JSON.stringify(eventType)} is no event's type`;
  if (eventType === undefined && resource === undefined) return "it names neither an event's type nor a resource";
  for (const tokens of [report.inputTokens, report.outputTokens]) {
    if (tokens !== undefined && !isCount(tokens, EVENT_TOKENS_MAX)) return `${tokens} is no number of tokens`;
  }
  const { durationMs = 0 } = report;
  if (!Number.isFinite(durationMs) || durationMs < 0) return `${durationMs} ms is no duration`;
  if (report.at !== undefined && Number.isNaN(report.at.getTime())) return "its time is none";
  return resource === undefined ? null : amountProblem(resource, amount);
}

function amountProblem(resource: string, amount: number): string | null {
  if (!RESOURCE_PATTERN.test(resource)) return `${JSON.stringify(resource)} is no resource's name`;
  if (!isCount(Math.abs(amount), EVENT_AMOUNT_MAX)) return `${amount} is no amount: whole numbers up to 10^12 are`;
  return amount < 0 && !canBeHeld(resource) ? `${resource} is used up and cannot be given back` : null;
}

function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max;
}
