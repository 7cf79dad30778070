import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface KillableApp {
  readonly url: string;
  /** Ends it without a word to it. */
  kill(): Promise<void>;
  /** Asks it to end. */
  stop(): Promise<void>;
}

const CHAT_APP = new URL("./chat-app.ts", import.meta.url);

/** Starts an app, `chat-app.ts` if not another, with the built package, as a user would; resolves when it listens. */
export async function startKillableApp(env: Readonly<Record<string, string>>, file = CHAT_APP): Promise<KillableApp> {
  const child = spawn(process.execPath, ["--import", "@quotel/instrumentation/register", file.pathname], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ...env },
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  return { url: /http\S+/.exec(line)![0], kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}
