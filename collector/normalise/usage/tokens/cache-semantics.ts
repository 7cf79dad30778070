import type { DecodedScope } from "../../../decode/decoded-span.ts";
import { matchesScope } from "../producer.ts";

/** Whether a producer's input tokens include those read from and written to the cache. */
export type CacheSemantics = "inclusive" | "exclusive" | "unknown";

interface Rule {
  /** Scope name; a trailing `*` stands for any rest. */
  readonly scope: string;
  /** The last version it holds for; absent = all. */
  readonly upTo?: string;
  /** Canonical provider; absent = any. */
  readonly provider?: string;
  readonly semantics: CacheSemantics;
}

/**
 * Read in the producers' sources; the first rule that matches holds. The attribute's name does not tell: OpenTelemetry's
 * names are used both ways. Who is not listed is judged by the numbers (see `tokens.ts`).
 */
const RULES: readonly Rule[] = [
  // Ours sum Anthropic's classes; the AI SDK 7 passes `usage.inputTokens`, a total by its provider contract.
  { scope: "@quotel/instrumentation", semantics: "inclusive" },
  { scope: "gen_ai", semantics: "inclusive" },
  // openllmetry-js 3867c361 (#1028, after 0.27.0) began to add the cache: instrumentation-anthropic, -bedrock.
  { scope: "@traceloop/instrumentation-anthropic", upTo: "0.27.0", semantics: "exclusive" },
  { scope: "@traceloop/instrumentation-anthropic", semantics: "inclusive" },
  { scope: "@traceloop/instrumentation-bedrock", semantics: "inclusive" },
  { scope: "@traceloop/instrumentation-langchain", semantics: "inclusive" },
  // openllmetry (Python) anthropic/__init__.py `_set_token_usage`: prompt + cache_read + cache_creation.
  { scope: "opentelemetry.instrumentation.anthropic", semantics: "inclusive" },
  // openlit ad20b7b4: sdk/typescript anthropic/wrapper.ts:319, sdk/python anthropic/utils.py:584, both as Anthropic sends.
  { scope: "@openlit/instrumentation-anthropic", semantics: "exclusive" },
  { scope: "openlit.otel.tracing", provider: "anthropic", semantics: "exclusive" },
  // openinference 1fe497f1: bedrock/invoke-model-response-attributes.ts:162, as Anthropic on Bedrock sends.
  { scope: "@arizeai/openinference-instrumentation-bedrock", semantics: "exclusive" },
  // openinference 1fe497f1: langchain/utils.ts:508 passes `usage_metadata`, whose input is a total by LangChain's contract.
  { scope: "@arizeai/openinference-instrumentation-langchain", semantics: "inclusive" },
  // pydantic-ai usage.py: `cache_*` are parts of `input_tokens`.
  { scope: "pydantic-ai", semantics: "inclusive" },
];

/** What is known of a producer's input tokens. `provider` is canonical. */
export function cacheSemanticsOf(scope: Readonly<DecodedScope>, provider: string | null): CacheSemantics {
  const rule = RULES.find(
    (one) =>
      matchesScope(scope.name, one.scope) &&
      (one.provider === undefined || one.provider === provider) &&
      (one.upTo === undefined || isAtMost(scope.version, one.upTo)),
  );
  return rule?.semantics ?? "unknown";
}

/** Compares dotted versions number by number; a scope that names none is taken for a new one. */
function isAtMost(version: string, last: string): boolean {
  if (version === "") return false;
  const theirs = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const ours = last.split(".").map(Number);
  for (const [index, limit] of ours.entries()) {
    const part = theirs[index] ?? 0;
    if (part !== limit) return part < limit;
  }
  return true;
}
