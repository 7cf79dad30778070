/**
 * OTLP's signals, by the last part of their URLs (`/v1/traces`). What is sent of one is its items: spans of usage, data points
 * of levels, log records of audit events.
 */
export const SIGNALS = ["traces", "metrics", "logs"] as const;
export type Signal = (typeof SIGNALS)[number];
