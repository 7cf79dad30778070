import * as own from "@quotel/conventions";
import { KeyTable } from "../../decode/key-table.ts";
import { DEFAULT_TENANT_ATTRIBUTES, tenantAttributeNames } from "../tenant/tenant-attributes.ts";
import type { TenantAttributes } from "../tenant/tenant-attributes.ts";

/**
 * Every attribute of a span the collector reads, by what it means; the tenant's are configured and listed in `tenant/`. Of
 * several names for one thing the first in its list that a span carries counts. Each list goes: OpenTelemetry now and before, OpenLLMetry, OpenInference, Vercel AI SDK,
 * Langfuse, OpenLIT, Sentry, pydantic-ai; a name that several share stands at its first owner.
 *
 * Not read, because nothing of an event depends on it: session and conversation ids, response ids, prompts.
 */
export const NAMES = {
  user: [
    own.ATTR_USER_ID,
    "enduser.id",
    "enduser.pseudo.id",
    "traceloop.association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "langfuse.user.id",
    "gen_ai.user.id",
    "gen_ai.request.user",
  ],

  eventType: [own.ATTR_QUOTEL_EVENT_TYPE],
  resource: [own.ATTR_QUOTEL_RESOURCE],
  amount: [own.ATTR_QUOTEL_AMOUNT],
  status: [own.ATTR_QUOTEL_STATUS],
  reservation: [own.ATTR_QUOTEL_RESERVATION_ID],
  usageSource: [own.ATTR_QUOTEL_USAGE_SOURCE],
  boot: [own.ATTR_QUOTEL_BOOT_ID],
  seq: [own.ATTR_QUOTEL_SEQ],
  counted: [own.ATTR_QUOTEL_COUNTED],

  errorType: [own.ATTR_ERROR_TYPE],
  level: ["langfuse.observation.level"],
  httpMethod: [own.ATTR_HTTP_REQUEST_METHOD, "http.method"],
  httpRoute: [own.ATTR_HTTP_ROUTE, "next.route"],
  httpStatus: [own.ATTR_HTTP_RESPONSE_STATUS_CODE, "http.status_code"],

  operation: [own.ATTR_GEN_AI_OPERATION_NAME],
  /** The AI SDK's own name of a function of its; version 3 has only the second. */
  vercelOperation: ["ai.operationId", "operation.name"],
  openInferenceKind: ["openinference.span.kind"],
  langfuseType: ["langfuse.observation.type"],
  requestType: ["llm.request.type"],
  openlitType: ["gen_ai.type", "gen_ai_type"],
  sentryOp: ["sentry.op"],
  traceloopKind: ["traceloop.span.kind"],

  provider: [
    own.ATTR_GEN_AI_PROVIDER_NAME,
    own.ATTR_GEN_AI_SYSTEM,
    "llm.provider",
    "llm.system",
    "ai.model.provider",
    "llm.vendor",
  ],
  responseModel: [
    own.ATTR_GEN_AI_RESPONSE_MODEL,
    "llm.response.model_name",
    "ai.response.model",
    "llm.response.model",
    "model",
  ],
  requestModel: [
    own.ATTR_GEN_AI_REQUEST_MODEL,
    "llm.request.model_name",
    "llm.model_name",
    "embedding.model_name",
    "reranker.model_name",
    "ai.model.id",
    "langfuse.observation.model.name",
    "llm.request.model",
  ],
  serviceTier: [own.ATTR_OPENAI_RESPONSE_SERVICE_TIER, "gen_ai.openai.response.service_tier"],
  /** Asked for, not necessarily got: read only where the answer says nothing. */
  requestedTier: ["openai.request.service_tier", "gen_ai.openai.request.service_tier"],

  inputTokens: [
    own.ATTR_GEN_AI_USAGE_INPUT_TOKENS,
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
    "llm.usage.prompt_tokens",
  ],
  outputTokens: [
    own.ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "llm.usage.completion_tokens",
  ],
  cacheReadTokens: [
    own.ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
    "gen_ai.usage.prompt_tokens_details.cache_read",
    "gen_ai.usage.prompt_tokens_details.cached_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.input_cached_tokens",
    "gen_ai.usage.cache_read_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cache_read_input_tokens",
    "gen_ai.usage.details.cached_tokens",
  ],
  cacheWriteTokens: [
    own.ATTR_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
    own.ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "gen_ai.usage.prompt_tokens_details.cache_write",
    "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "gen_ai.usage.cache_write_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens",
  ],
  reasoningTokens: [
    own.ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
    "gen_ai.usage.completion_tokens_details.reasoning",
    "gen_ai.usage.completion_tokens_details.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "gen_ai.usage.details.reasoning_tokens",
  ],
  totalTokens: ["gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens"],
  /** Only says that the AI SDK is one that counts the cache into its input (6.0.108 and later). */
  vercelUncachedTokens: ["ai.usage.inputTokenDetails.noCacheTokens"],
  /** JSON objects with usage in them. */
  langfuseUsage: ["langfuse.observation.usage_details"],
  vercelMetadata: ["ai.response.providerMetadata"],
} as const satisfies Record<string, readonly string[]>;

/**
 * No column holds these; they are kept beside the event as they were sent: tokens by modality, costs others computed, and
 * which attempt of an operation it was (X7: the operations are the events without it).
 */
export const KEPT_NAMES: readonly string[] = [
  "gen_ai.usage.text.input_tokens",
  "gen_ai.usage.text.output_tokens",
  "gen_ai.usage.audio.input_tokens",
  "gen_ai.usage.audio.output_tokens",
  "gen_ai.usage.image.input_tokens",
  "gen_ai.usage.image.output_tokens",
  "llm.token_count.prompt_details.audio",
  "llm.token_count.completion_details.audio",
  "gen_ai.usage.completion_tokens_details.audio",
  "gen_ai.usage.completion_tokens_details.audio_tokens",
  "gen_ai.usage.cost",
  "llm.cost.total",
  "langfuse.observation.cost_details",
  own.ATTR_HTTP_REQUEST_RESEND_COUNT,
];

/** What a heartbeat tells, and of which service; no event has any of it. */
const HEARTBEAT_NAMES: readonly string[] = [
  ...own.HEARTBEAT_COUNTERS.map((counter) => own.HEARTBEAT_PREFIX + counter),
  own.ATTR_SERVICE_NAME,
];

/** What the decoders have to keep unless more is configured; the rest of a span is never made into values. */
export const READ_ATTRIBUTES: readonly string[] = [
  ...tenantAttributeNames(DEFAULT_TENANT_ATTRIBUTES),
  ...Object.values(NAMES).flat(),
  ...KEPT_NAMES,
  ...HEARTBEAT_NAMES,
];

/** Metadata the app gives an event (`quotel.metadata.<name>`). */
export const METADATA_PREFIX = "quotel.metadata.";

/** What the decoders keep of names that begin so. */
export const READ_PREFIXES: readonly string[] = [METADATA_PREFIX];

/** The table by which the decoders know what to keep of spans, where the tenant is looked for in `tenants`. */
export function spanKeys(tenants: TenantAttributes): KeyTable {
  return new KeyTable([...READ_ATTRIBUTES, ...tenantAttributeNames(tenants)], { prefixes: READ_PREFIXES });
}
