import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { UsageEvent } from "#database/record/usage-event";
import { COMPILE_CACHE, ROOT } from "./rooms.ts";

/** Right before or right after handing its n-th message to the operating system; see kill-at-message.ts. */
export interface KillPoint {
  readonly moment: "before" | "after";
  readonly at: number;
}

/** A step of the collector's work: recording events, or a fold of the rollups. */
export type Step = { readonly kind: "record"; readonly events: readonly UsageEvent[] } | { readonly kind: "fold" };

/**
 * Takes a step in a process of its own, which dies at `killAt`, if given, unless it has fewer messages to send. Throws
 * where it ends in any other way than these two.
 */
export async function takeStep(databaseUrl: string, step: Step, killAt?: KillPoint): Promise<"done" | "killed"> {
  const program = join(import.meta.dirname, "one-step.ts");
  const child = spawn(process.execPath, ["-C", "quotel-source", program, step.kind], {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      DATABASE_URL: databaseUrl,
      KILL_AT: killAt && `${killAt.moment} ${killAt.at}`,
    },
    stdio: ["pipe", "ignore", "pipe"],
  });
  // It may be dead before it has read them.
  child.stdin.on("error", () => {}).end(step.kind === "record" ? JSON.stringify(step.events) : "");
  const [[code, signal], complaints] = await Promise.all([once(child, "close"), text(child.stderr)]);
  if (signal === "SIGKILL") return "killed";
  if (code === 0) return "done";
  throw new Error(`a process that was to ${step.kind} ended by itself (${signal ?? `code ${code}`}):\n${complaints}`);
}
