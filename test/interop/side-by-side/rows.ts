import { CASES } from "./cases.ts";
import type { Case } from "./cases.ts";
import type { Column } from "./columns.ts";
import { runCase } from "./run-case.ts";
import type { Observed } from "./run-case.ts";
import { judgeApp, judgeTokens, recordedIn } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

/** Apps at a time; each mostly waits for its end. */
const AT_ONCE = 4;

/** A case, and what it came to under every instrumentation, in the order of the columns. */
export interface Row {
  readonly one: Case;
  readonly verdicts: readonly Verdict[];
}

/** Every case under every instrumentation, and bare with the same version of the package. */
export async function allRows(columns: readonly Column[]): Promise<Row[]> {
  const inTurn = turns(AT_ONCE);
  const bareRuns = new Map<string, Promise<Observed>>();
  const bareRun = (one: Case, { openai, packages }: Column): Promise<Observed> => {
    const key = `${openai} ${one.name}`;
    let run = bareRuns.get(key);
    if (run === undefined) bareRuns.set(key, (run = inTurn(() => runCase(alone(one), packages, []))));
    return run;
  };
  const verdictOf = async (one: Case, column: Column): Promise<Verdict> => {
    const bare = await bareRun(one, column);
    const { app, spans } = await inTurn(() => runCase(one, column.packages, column.args));
    const recorded = recordedIn(spans, one.counted);
    return { tokens: judgeTokens(spans, one.billed, recorded), recorded, app: judgeApp(bare.app, app) };
  };
  return Promise.all(
    CASES.map(async (one) => ({ one, verdicts: await Promise.all(columns.map((column) => verdictOf(one, column))) })),
  );
}

/** Of a bare app nothing is left that a second start would deliver. */
function alone({ name, use, billed, traces }: Case): Case {
  return { name, use, billed, ...(traces && { traces }) };
}

/** Runs so many at a time, the others in the order they came. */
function turns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running === atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
