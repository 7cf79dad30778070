#!/usr/bin/env node
/** `npx quotel-doctor`: tells a developer what is and is not metered, and why. */
import { extname } from "node:path";

import { judgeApp } from "./app/judge-app.ts";
import { runApp } from "./app/run-app.ts";
import { checkCollector } from "./checks/collector.ts";
import { checkNodeVersion } from "./checks/node-version.ts";
import { checkQuotaService } from "./checks/quota-service.ts";
import { checkSettings } from "./checks/settings.ts";
import { checkSpool } from "./checks/spool.ts";
import { HELP, readCommand } from "./command.ts";
import type { Command } from "./command.ts";
import { problem } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { textOf } from "./report.ts";

/** `register`, and what watches: beside this file, built or not. */
const IMPORTS = ["../register", "./app/observe"].map(
  (module) => new URL(module + extname(import.meta.url), import.meta.url),
);

const read = readCommand(process.argv.slice(2));
if (read.kind === "help") console.log(read.text);
else if (read.kind === "invalid") {
  console.error(`${read.message}\n\n${HELP}`);
  process.exitCode = 2;
} else {
  const findings = await examine(read.command);
  console.log(read.command.json ? JSON.stringify(findings, null, 2) : textOf(findings));
  process.exitCode = findings.some(({ level }) => level === "problem") ? 1 : 0;
}

async function examine({ app, forMs, json }: Command): Promise<Finding[]> {
  const { config, findings } = checkSettings(process.env);
  const environment = [
    checkNodeVersion(process.versions.node),
    ...findings,
    ...(config === null ? [] : await checkCollector(config.endpoint, config.ingestKey)),
    ...(config === null ? [] : await checkSpool(config.spoolFolder)),
    await checkQuotaService(process.env),
  ];
  if (app.length === 0) return environment;
  const result = await runApp({ command: app, imports: IMPORTS, forMs, output: json ? "stderr" : "stdout" });
  if (result.kind === "not_started") {
    return [
      ...environment,
      problem("app", `the app cannot be started: ${result.reason}`, "correct the command after --"),
    ];
  }
  return [...environment, ...judgeApp(result.observations, config !== null && config.spoolFolder !== null)];
}
