import { readConfig } from "../../process/config.ts";
import type { Config } from "../../process/config.ts";
import { ok, problem } from "../finding.ts";
import type { Finding } from "../finding.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings as `register` does; null where they are wrong, and nothing would be metered. Pure. */
export function checkSettings(env: Environment): { readonly config: Config | null; readonly findings: Finding[] } {
  const read = readConfig(env, undefined);
  if (read.kind === "invalid") {
    const findings = read.problems.map((text) =>
      problem("settings", text, "correct it: nothing is metered until then"),
    );
    return { config: null, findings };
  }
  const { endpoint, tenantHeader } = read.config;
  const header = tenantHeader === null ? "no tenant header is trusted" : `the tenant header is ${tenantHeader}`;
  return { config: read.config, findings: [ok("settings", `usage goes to ${endpoint.origin}; ${header}`)] };
}
