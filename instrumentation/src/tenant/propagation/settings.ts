import { parseHostRules } from "../../tap/host-rules.ts";
import type { HostRules } from "../../tap/host-rules.ts";
import { hostnameOf } from "./hostname.ts";

/** How tenants travel between services of one operator. */
export interface PropagationSettings {
  /** Hosts that are told the tenant (`QUOTEL_PROPAGATE_HOSTS`); those it names, and no others. */
  readonly hosts: HostRules;
  /** Shared secrets (`QUOTEL_PROPAGATION_KEY`), at least one. The first signs, all are accepted: so they can be changed. */
  readonly keys: readonly [string, ...string[]];
  /** Names this service is asked under (`QUOTEL_PROPAGATION_AUDIENCE`). Null: whatever `Host` a request says. */
  readonly audience: readonly string[] | null;
}

export type PropagationResult =
  /** Null: no key is set, so tenants are neither told nor believed. */
  | { readonly kind: "valid"; readonly settings: PropagationSettings | null }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** A shorter secret can be guessed by who has seen one header. `openssl rand -hex 32` makes one of 64 characters. */
const KEY_LENGTH_MIN = 32;

/** Reads the settings; pure. Reports every problem at once, and no secret. */
export function readPropagation(env: Readonly<Record<string, string | undefined>>): PropagationResult {
  const problems: string[] = [];
  const hosts = parseHostRules(env["QUOTEL_PROPAGATE_HOSTS"] ?? "");
  if (hosts.kind === "invalid") problems.push(`QUOTEL_PROPAGATE_HOSTS: ${hosts.problem}`);

  const keys = listOf(env["QUOTEL_PROPAGATION_KEY"]);
  const [first, ...others] = keys;
  if (keys.some((key) => key.length < KEY_LENGTH_MIN)) {
    problems.push(
      `QUOTEL_PROPAGATION_KEY must be secrets of at least ${KEY_LENGTH_MIN} characters, with commas between`,
    );
  }
  if (first === undefined && hosts.kind === "valid" && hosts.rules.allowed.length > 0) {
    problems.push("QUOTEL_PROPAGATE_HOSTS needs QUOTEL_PROPAGATION_KEY, a secret that those hosts share");
  }

  const askedAs = listOf(env["QUOTEL_PROPAGATION_AUDIENCE"]);
  const audience = askedAs.map(hostnameOf).filter((name) => name !== null);
  if (audience.length < askedAs.length) {
    problems.push(`QUOTEL_PROPAGATION_AUDIENCE must be host names, not ${JSON.stringify(askedAs.join(","))}`);
  }

  if (problems.length > 0 || hosts.kind === "invalid") return { kind: "invalid", problems };
  if (first === undefined) return { kind: "valid", settings: null };
  const names = audience.length > 0 ? audience : null;
  return { kind: "valid", settings: { hosts: hosts.rules, keys: [first, ...others], audience: names } };
}

function listOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
