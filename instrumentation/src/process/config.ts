import { basename } from "node:path";

import { parsePathPatterns } from "../api-calls/ignored-paths.ts";
import type { PathPattern } from "../api-calls/ignored-paths.ts";
import { parseHostRules } from "../tap/host-rules.ts";
import type { HostRules } from "../tap/host-rules.ts";
import { readPropagation } from "../tenant/propagation/settings.ts";
import type { PropagationSettings } from "../tenant/propagation/settings.ts";
import { readUserIds } from "../tenant/user/user-ids.ts";
import type { UserIds } from "../tenant/user/user-ids.ts";

/** What `register` reads from the environment. Never `OTEL_*`: those configure the app's own tracing. */
export interface Config {
  /** Collector's base URL (`QUOTEL_ENDPOINT`). */
  readonly endpoint: URL;
  /** Bearer key of kind ingest (`QUOTEL_INGEST_KEY`); null: none is sent, and a collector that wants one answers 401. */
  readonly ingestKey: string | null;
  /** Lower-case header that carries the tenant (`QUOTEL_TENANT_HEADER`). Null: no header is trusted. */
  readonly tenantHeader: string | null;
  /** How tenants travel between services (`QUOTEL_PROPAGATE_HOSTS`, `QUOTEL_PROPAGATION_KEY`, `..._AUDIENCE`); null: they do not. */
  readonly propagation: PropagationSettings | null;
  /** What becomes of the ids of users (`QUOTEL_USER_IDS`, `QUOTEL_USER_ID_KEY`). */
  readonly userIds: UserIds;
  /** Requests that make no event (`QUOTEL_IGNORE_PATHS`), health checks say; model calls they make are metered. Default: none. */
  readonly ignoredPaths: readonly PathPattern[];
  /** Which provider hosts are metered (`QUOTEL_METER_HOSTS`). */
  readonly hosts: HostRules;
  /** Whether provider calls become spans of the app's own tracing, too (`QUOTEL_TRACE_SPANS`, `on` or `off`). */
  readonly traceSpans: boolean;
  /** Whether tokens that no provider tells are estimated from the texts (`QUOTEL_ESTIMATE_TOKENS`, `on` or `off`). */
  readonly estimateTokens: boolean;
  /** Folder where usage waits for the collector on the disk (`QUOTEL_SPOOL_DIR`); null: in memory only. */
  readonly spoolFolder: string | null;
  /** Bytes of that folder at most, all processes together (`QUOTEL_SPOOL_MAX_MIB`). */
  readonly spoolBytesMax: number;
  /** `service.name` of the spans (`QUOTEL_SERVICE_NAME`, else the package's, else the script's name). */
  readonly serviceName: string;
}

export type ConfigResult =
  | { readonly kind: "valid"; readonly config: Config }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the configuration; pure. Reports every problem at once. `script` is the app's entry file. */
export function readConfig(env: Environment, script: string | undefined): ConfigResult {
  const problems: string[] = [];

  const endpointText = env["QUOTEL_ENDPOINT"] || "http://localhost:4318";
  const endpoint = URL.canParse(endpointText) ? new URL(endpointText) : null;
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol)) {
    problems.push(`QUOTEL_ENDPOINT must be an http(s) URL, not ${JSON.stringify(endpointText)}`);
  }

  const tenantHeader = env["QUOTEL_TENANT_HEADER"] || null;
  if (tenantHeader !== null && !/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(tenantHeader)) {
    problems.push(`QUOTEL_TENANT_HEADER must be a header name, not ${JSON.stringify(tenantHeader)}`);
  }

  const propagation = readPropagation(env);
  if (propagation.kind === "invalid") problems.push(...propagation.problems);

  const userIds = readUserIds(env);
  if (userIds.kind === "invalid") problems.push(userIds.problem);

  const ignored = parsePathPatterns(env["QUOTEL_IGNORE_PATHS"] ?? "");
  if (ignored.kind === "invalid") problems.push(`QUOTEL_IGNORE_PATHS: ${ignored.problem}`);

  const hosts = parseHostRules(env["QUOTEL_METER_HOSTS"] ?? "");
  if (hosts.kind === "invalid") problems.push(`QUOTEL_METER_HOSTS: ${hosts.problem}`);

  const traceSpans = switchOf(env, "QUOTEL_TRACE_SPANS", "on", problems);
  const estimateTokens = switchOf(env, "QUOTEL_ESTIMATE_TOKENS", "off", problems);

  const spoolDir = env["QUOTEL_SPOOL_DIR"] || ".quotel/spool";
  const spoolMaxMib = Number(env["QUOTEL_SPOOL_MAX_MIB"] || 256);
  if (!Number.isSafeInteger(spoolMaxMib) || spoolMaxMib < 1) {
    problems.push(`QUOTEL_SPOOL_MAX_MIB must be a whole number of at least 1, not ${env["QUOTEL_SPOOL_MAX_MIB"]}`);
  }

  if (
    endpoint === null ||
    propagation.kind === "invalid" ||
    userIds.kind === "invalid" ||
    ignored.kind === "invalid" ||
    hosts.kind === "invalid"
  ) {
    return { kind: "invalid", problems };
  }
  if (problems.length > 0) return { kind: "invalid", problems };
  return {
    kind: "valid",
    config: {
      endpoint,
      ingestKey: env["QUOTEL_INGEST_KEY"] || null,
      tenantHeader: tenantHeader?.toLowerCase() ?? null,
      propagation: propagation.settings,
      userIds: userIds.userIds,
      ignoredPaths: ignored.patterns,
      hosts: hosts.rules,
      traceSpans,
      estimateTokens,
      spoolFolder: spoolDir === "off" ? null : spoolDir,
      spoolBytesMax: spoolMaxMib * 1_048_576,
      serviceName: env["QUOTEL_SERVICE_NAME"] || env["npm_package_name"] || (script ? basename(script) : "node"),
    },
  };
}

function switchOf(env: Environment, name: string, unset: "on" | "off", problems: string[]): boolean {
  const value = env[name] || unset;
  if (value !== "on" && value !== "off") problems.push(`${name} must be on or off, not ${JSON.stringify(value)}`);
  return value === "on";
}
