/** How a thing stands: as it should, worth a look, or in the way of metering. */
export type Level = "ok" | "warning" | "problem";

/** One thing that the doctor looked at. */
export interface Finding {
  readonly level: Level;
  /** What was looked at: `collector`, `tenants`, ... */
  readonly topic: string;
  /** What was found, in one sentence. */
  readonly found: string;
  /** What to do about it; absent where nothing is to be done. */
  readonly fix?: string;
}

export function ok(topic: string, found: string): Finding {
  return { level: "ok", topic, found };
}

export function warning(topic: string, found: string, fix: string): Finding {
  return { level: "warning", topic, found, fix };
}

export function problem(topic: string, found: string, fix: string): Finding {
  return { level: "problem", topic, found, fix };
}
