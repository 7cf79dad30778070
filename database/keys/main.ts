/** `npm run keys -- create | list | revoke`: makes, lists and revokes API keys. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { TENANT_ID_PATTERN } from "@quotel/conventions";
import type { Pool } from "pg";
import { runAsOperator } from "../operator/run-as-operator.ts";
import type { Key, KeyKind } from "./api-key.ts";
import { createKey } from "./create-key.ts";
import { listKeys } from "./list-keys.ts";
import { revokeKey } from "./revoke-key.ts";

const USAGE = `Usage:
  npm run keys -- create --kind KIND [--name NAME] [--tenant T]... [--count-scope S]...
      KIND: ingest (sends telemetry), service (asks for quota), tenant (reads its own usage), admin.
      --tenant: only this tenant; may be repeated. Without it, any.
      --count-scope: of an ingest key, only spans of this instrumentation scope count; a trailing * stands for any rest.
  npm run keys -- list
  npm run keys -- revoke NAME`;

const KINDS: readonly string[] = ["ingest", "service", "tenant", "admin"] satisfies KeyKind[];
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

async function create(pool: Pool, key: Key): Promise<number> {
  const token = await createKey(pool, key);
  if (token === null) {
    console.error(`there is a key "${key.keyId}" already: revoke it, or choose another --name`);
    return 1;
  }
  console.log(`Key "${key.keyId}" (${key.kind}). Its token is shown this once:\n${token}`);
  return 0;
}

async function list(pool: Pool): Promise<number> {
  const keys = await listKeys(pool);
  console.table(
    keys.map(({ keyId, kind, tenants, countScopes, createdAtMs, revokedAtMs }) => ({
      name: keyId,
      kind,
      tenants: tenants?.join(" ") ?? "any",
      scopes: countScopes?.join(" ") ?? "",
      created: new Date(createdAtMs).toISOString(),
      revoked: revokedAtMs === null ? "" : new Date(revokedAtMs).toISOString(),
    })),
  );
  return 0;
}

async function revoke(pool: Pool, keyId: string): Promise<number> {
  if (await revokeKey(pool, keyId)) return 0;
  console.error(`there is no key "${keyId}"`);
  return 1;
}

/** What the arguments ask for, or what is wrong with them. */
function commandOf(args: readonly string[]): ((pool: Pool) => Promise<number>) | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kind: { type: "string" },
      name: { type: "string" },
      tenant: { type: "string", multiple: true },
      "count-scope": { type: "string", multiple: true },
    },
  });
  const [command, keyId] = positionals;
  if (command === "list" && positionals.length === 1) return list;
  if (command === "revoke" && keyId !== undefined) return (pool) => revoke(pool, keyId);
  if (command !== "create" || positionals.length !== 1) return USAGE;
  const { kind, name, tenant: tenants = null, "count-scope": countScopes = null } = values;
  if (kind === undefined || !KINDS.includes(kind)) return `--kind must be one of ${KINDS.join(", ")}\n\n${USAGE}`;
  if (kind === "tenant" && tenants?.length !== 1) return "a key of kind tenant needs exactly one --tenant";
  if (countScopes !== null && kind !== "ingest") return "--count-scope is for keys of kind ingest";
  const wrong = tenants?.find((tenant) => !TENANT_ID_PATTERN.test(tenant));
  if (wrong !== undefined) return `"${wrong}" is no tenant id`;
  if (name !== undefined && !NAME_PATTERN.test(name)) return `--name must match ${NAME_PATTERN.source}`;
  const key: Key = {
    keyId: name ?? `${kind}-${randomBytes(4).toString("hex")}`,
    kind: kind as KeyKind,
    tenants,
    countScopes,
  };
  return (pool) => create(pool, key);
}

if (import.meta.main)
  process.exitCode = await runAsOperator("quotel-keys", process.env, process.argv.slice(2), commandOf);
