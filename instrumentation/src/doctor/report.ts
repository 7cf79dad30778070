import { styleText } from "node:util";

import type { Finding, Level } from "./finding.ts";

const MARKS = { ok: ["✓", "green"], warning: ["!", "yellow"], problem: ["✗", "red"] } as const satisfies Record<
  Level,
  readonly [string, string]
>;

/** The findings as a terminal shows them: one line each, its fix below it, and what to make of it all. Pure. */
export function textOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ topic }) => topic.length));
  const lines = findings.flatMap(({ level, topic, found, fix }) => {
    const [mark, color] = MARKS[level];
    const line = `${styleText(color, mark)} ${styleText("bold", topic.padEnd(width))}  ${found}`;
    return fix === undefined ? [line] : [line, `  ${" ".repeat(width)}  ${styleText("dim", "->")} ${fix}`];
  });
  return [...lines, "", summaryOf(findings)].join("\n");
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((it) => it.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  if (problems > 0) return `${plural(problems, "problem")}, ${plural(warnings, "warning")}`;
  return warnings > 0 ? `No problem, ${plural(warnings, "warning")}` : "All is well";
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
