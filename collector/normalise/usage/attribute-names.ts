import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_SYSTEM,
  ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_QUOTEL_AMOUNT,
  ATTR_QUOTEL_BOOT_ID,
  ATTR_QUOTEL_EVENT_TYPE,
  ATTR_QUOTEL_RESERVATION_ID,
  ATTR_QUOTEL_RESOURCE,
  ATTR_QUOTEL_SEQ,
  ATTR_QUOTEL_STATUS,
  ATTR_QUOTEL_TENANT_ID,
  ATTR_QUOTEL_USAGE_SOURCE,
  ATTR_USER_ID,
} from "@quotel/conventions";

/**
 * Every attribute the collector reads, by what it means. Of several names for one thing the first that a span carries
 * counts: current OpenTelemetry name, then its older twins.
 */
export const NAMES = {
  tenant: [ATTR_QUOTEL_TENANT_ID, "tenant.id", "tenant_id", "traceloop.association.properties.customer_id"],
  user: [ATTR_USER_ID, "enduser.id"],
  eventType: [ATTR_QUOTEL_EVENT_TYPE],
  resource: [ATTR_QUOTEL_RESOURCE],
  amount: [ATTR_QUOTEL_AMOUNT],
  status: [ATTR_QUOTEL_STATUS],
  reservation: [ATTR_QUOTEL_RESERVATION_ID],
  usageSource: [ATTR_QUOTEL_USAGE_SOURCE],
  boot: [ATTR_QUOTEL_BOOT_ID],
  seq: [ATTR_QUOTEL_SEQ],
  errorType: [ATTR_ERROR_TYPE],
  operation: [ATTR_GEN_AI_OPERATION_NAME],
  provider: [ATTR_GEN_AI_PROVIDER_NAME, ATTR_GEN_AI_SYSTEM],
  model: [ATTR_GEN_AI_RESPONSE_MODEL, ATTR_GEN_AI_REQUEST_MODEL],
  inputTokens: [ATTR_GEN_AI_USAGE_INPUT_TOKENS, "gen_ai.usage.prompt_tokens"],
  outputTokens: [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS, "gen_ai.usage.completion_tokens"],
  cacheReadTokens: [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.cache_read_input_tokens"],
  cacheWriteTokens: [
    ATTR_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
    ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
    "gen_ai.usage.cache_creation_input_tokens",
  ],
  reasoningTokens: [ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, "gen_ai.usage.reasoning_tokens"],
  totalTokens: ["gen_ai.usage.total_tokens"],
  httpMethod: [ATTR_HTTP_REQUEST_METHOD, "http.method"],
  httpRoute: [ATTR_HTTP_ROUTE],
  httpStatus: [ATTR_HTTP_RESPONSE_STATUS_CODE, "http.status_code"],
} as const satisfies Record<string, readonly string[]>;

/** What the decoders have to keep; the rest of a span is never made into values. */
export const READ_ATTRIBUTES: readonly string[] = Object.values(NAMES).flat();
