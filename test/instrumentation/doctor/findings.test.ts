import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

import { judgeApp } from "../../../instrumentation/src/doctor/app/judge-app.ts";
import type { Observation } from "../../../instrumentation/src/doctor/app/observation.ts";
import { checkNodeVersion } from "../../../instrumentation/src/doctor/checks/node-version.ts";
import { readCommand } from "../../../instrumentation/src/doctor/command.ts";
import { ok, problem, warning } from "../../../instrumentation/src/doctor/finding.ts";
import { textOf } from "../../../instrumentation/src/doctor/report.ts";

const LAUNCHER: Observation = {
  pid: 1,
  script: "npm-cli.js",
  registersItself: false,
  ports: [],
  requests: { seen: 0, metered: 0, withoutTenant: 0 },
  hosts: [],
  warnings: [],
  counters: { recorded: 0, acknowledged: 0, dropped: 0 },
};
const APP: Observation = { ...LAUNCHER, pid: 2, script: "app.js", registersItself: true, ports: [3000] };

test.each([
  ["20.19.0", "problem"],
  ["22.14.0", "problem"],
  ["22.15.0", "warning"],
  ["24.0.0", "ok"],
  ["26.1.0", "ok"],
])("of Node %s the doctor thinks: %s", (version, level) => {
  expect(checkNodeVersion(version).level).toBe(level);
});

test("of an app and its launcher the app is judged", () => {
  const findings = judgeApp([LAUNCHER, APP], true);
  expect(findings.map(({ found }) => found).join()).not.toContain("npm-cli.js");
  expect(findings).toContainEqual(expect.objectContaining({ level: "warning", topic: "requests" }));
});

test("records that are not delivered wait in the spool, and without one are lost", () => {
  const app = { ...APP, counters: { recorded: 5, acknowledged: 3, dropped: 0 } };
  const levelOf = (spooled: boolean) => judgeApp([app], spooled).find(({ topic }) => topic === "delivery")?.level;
  expect([levelOf(true), levelOf(false)]).toEqual(["warning", "problem"]);
});

test("the report says what to do below what was found, and how many problems there are", () => {
  const text = textOf([
    ok("node", "Node 24"),
    warning("clock", "is behind", "set it"),
    problem("spool", "is full", "empty it"),
  ]);
  expect(stripVTControlCharacters(text).split("\n")).toEqual([
    "✓ node   Node 24",
    "! clock  is behind",
    "         -> set it",
    "✗ spool  is full",
    "         -> empty it",
    "",
    "1 problem, 1 warning",
  ]);
});

test("the doctor's command line is read, and what is wrong with it said", () => {
  expect(readCommand(["--json", "--for", "2.5", "--", "node", "app.js", "--json"])).toEqual({
    kind: "command",
    command: { app: ["node", "app.js", "--json"], json: true, forMs: 2500 },
  });
  expect(readCommand(["--for", "soon"])).toMatchObject({
    kind: "invalid",
    message: expect.stringMatching(/--for takes/),
  });
  expect(readCommand(["app.js"])).toMatchObject({ kind: "invalid" });
});
