/** Which hosts are metered: denied ones never; where any is allowed by name, only those. */
export interface HostRules {
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

export type HostRulesResult =
  { readonly kind: "valid"; readonly rules: HostRules } | { readonly kind: "invalid"; readonly problem: string };

/**
 * Reads a comma-separated list such as `api.openai.com,*.example.com,!llm.internal:8080`: a name or `*.suffix`, with or without
 * a port; `!` denies. Empty: every host.
 */
export function parseHostRules(text: string): HostRulesResult {
  const entries = text
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
  const bad = entries.find((entry) => !/^!?(\*\.)?[a-z0-9_.-]+(:\d{1,5})?$|^!?\[[0-9a-f:]+\](:\d{1,5})?$/.test(entry));
  if (bad !== undefined) return { kind: "invalid", problem: `${JSON.stringify(bad)} is not a host, *.suffix or !host` };
  return {
    kind: "valid",
    rules: {
      allowed: entries.filter((entry) => !entry.startsWith("!")),
      denied: entries.filter((entry) => entry.startsWith("!")).map((entry) => entry.slice(1)),
    },
  };
}

/** Whether the rules let a URL's host be metered. */
export function isMetered(url: URL, rules: HostRules): boolean {
  if (rules.denied.some((rule) => matches(url, rule))) return false;
  return rules.allowed.length === 0 || isAllowedByName(url, rules);
}

/** Whether the rules allow a URL's host by a name of its own, which says that it is a provider. */
export function isAllowedByName(url: URL, rules: HostRules): boolean {
  return rules.allowed.some((rule) => matches(url, rule));
}

function matches(url: URL, rule: string): boolean {
  const hasPort = /:\d+$/.test(rule);
  const host = hasPort ? url.host : url.hostname;
  return rule.startsWith("*.") ? host.endsWith(rule.slice(1)) : host === rule;
}
