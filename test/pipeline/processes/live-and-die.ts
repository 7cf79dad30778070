import type { KillableApp } from "./killable-app.ts";

const CALLERS = 6;
/**
 * A record is on its way to the disk for a moment; nothing is promised of a call that was answered this shortly before, nor of
 * a caller's last one: until the app has served something more, it may not have come to the end of that call's turn.
 */
const MOMENT_MS = 100;

interface Answered {
  readonly tenant: string;
  readonly at: number;
}

/** What was done in the life of an app. */
export interface Life {
  /** Tenants of the calls that were answered well before the end, and followed by others. */
  readonly certain: readonly string[];
  /** How many calls were answered at all. */
  readonly answered: number;
}

/** One life of an app, under load and killed at a random point. Each call is for the tenant that `nextTenant` names. */
export async function liveAndDie(app: KillableApp, nextTenant: () => string): Promise<Life> {
  const { promise: firstAnswer, resolve: onAnswer } = Promise.withResolvers<void>();
  const callers = Array.from({ length: CALLERS }, () => callUntilKilled(app.url, nextTenant, onAnswer));
  await firstAnswer;
  await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 700));
  const killedAt = performance.now();
  await app.kill();
  const answered = await Promise.all(callers);
  const followed = answered.flatMap((calls) => calls.slice(0, -1));
  return {
    certain: followed.filter(({ at }) => at < killedAt - MOMENT_MS).map(({ tenant }) => tenant),
    answered: answered.flat().length,
  };
}

/** Calls until the app is gone, one call after the other; resolves to those that were answered. */
async function callUntilKilled(url: string, nextTenant: () => string, onAnswer: () => void): Promise<Answered[]> {
  const answered: Answered[] = [];
  for (;;) {
    const tenant = nextTenant();
    const text = await fetch(`${url}/${tenant}`, { method: "POST" }).then(
      (response) => response.text(),
      () => null,
    );
    if (text === null) return answered;
    answered.push({ tenant, at: performance.now() });
    onAnswer();
  }
}
