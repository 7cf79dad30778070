/** `npm run plans -- apply | diff | validate | list | show`: the plan catalogue as an operator sees it. */
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { runAsOperator } from "../../operator/run-as-operator.ts";
import { applyCatalogue, definitionsOf } from "../apply-catalogue.ts";
import { describeProblem } from "../catalogue.ts";
import type { Catalogue } from "../catalogue.ts";
import { previewPlans } from "../change-plans.ts";
import { loadCatalogue } from "../file/load-catalogue.ts";
import { readPlansInForce } from "../read-plans-in-force.ts";
import { describeChangedPlan, describePlan } from "./describe-plans.ts";

const USAGE = `Usage:
  npm run plans -- validate FILE   says what is wrong with a catalogue, with line, column and field; needs no database
  npm run plans -- diff FILE       says what it would change, limit by limit
  npm run plans -- apply FILE      puts it in force and says what changed; repeated, it changes nothing
  npm run plans -- list            the plans in force
  npm run plans -- show PLAN       one of them`;

const COMMAND = "quotel-plans";

/** The catalogue of a file; null where it is wrong, which stderr explains. */
async function read(file: string): Promise<Catalogue | null> {
  const loaded = await loadCatalogue(file);
  if (loaded.ok) return loaded.catalogue;
  for (const problem of loaded.problems) console.error(`${file}: ${describeProblem(problem)}`);
  return null;
}

async function validate(file: string): Promise<number> {
  const catalogue = await read(file);
  if (catalogue === null) return 1;
  const plans = Object.entries(catalogue.plans).map(([planId, { limits }]) => `${planId} (${limits.length} limits)`);
  console.log(`${file} is a catalogue of ${plans.join(", ")}`);
  return 0;
}

async function diff(pool: Pool, file: string): Promise<number> {
  const catalogue = await read(file);
  if (catalogue === null) return 1;
  const plans = previewPlans(await readPlansInForce(pool), definitionsOf(catalogue));
  console.log(plans.map(describeChangedPlan).join("\n"));
  return 0;
}

async function apply(pool: Pool, file: string): Promise<number> {
  const catalogue = await read(file);
  if (catalogue === null) return 1;
  const id = userInfo().username;
  const actor = { type: "admin", id, producer: COMMAND, clientAddress: null, userAgent: null } as const;
  console.log((await applyCatalogue(pool, catalogue, actor)).map(describeChangedPlan).join("\n"));
  return 0;
}

async function list(pool: Pool): Promise<number> {
  const plans = await readPlansInForce(pool);
  console.log(plans.map(describePlan).join("\n") || "no plans");
  return 0;
}

async function show(pool: Pool, planId: string): Promise<number> {
  const plan = (await readPlansInForce(pool)).find((it) => it.planId === planId);
  if (plan === undefined) {
    console.error(`there is no plan "${planId}"`);
    return 1;
  }
  console.log(describePlan(plan));
  return 0;
}

/** What the arguments ask for, or what is wrong with them. */
function commandOf(args: readonly string[]): ((pool: Pool) => Promise<number>) | string {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
  const [command, name] = positionals;
  if (command === "list" && positionals.length === 1) return list;
  if (name === undefined || positionals.length !== 2) return USAGE;
  if (command === "diff") return (pool) => diff(pool, name);
  if (command === "apply") return (pool) => apply(pool, name);
  if (command === "show") return (pool) => show(pool, name);
  return USAGE;
}

const [command, file, ...rest] = process.argv.slice(2);
process.exitCode =
  command === "validate" && file !== undefined && rest.length === 0
    ? await validate(file)
    : await runAsOperator(COMMAND, process.env, process.argv.slice(2), commandOf);
