/**
 * Attribute and metric names that quotel's own instrumentation emits and its collector reads; those of audit events are
 * in `audit.ts`.
 *
 * The `gen_ai.*` names follow the OpenTelemetry GenAI conventions (semantic-conventions-genai 1.42);
 * they are copied here because the upstream constants are deprecated and due to move.
 */

/** Tenant the work is done for; see `TENANT_ID_PATTERN`. */
export const ATTR_QUOTEL_TENANT_ID = "quotel.tenant.id";
/** What happened, e.g. `api_call`, `chat`, `embedding`; see `EVENT_TYPES`. */
export const ATTR_QUOTEL_EVENT_TYPE = "quotel.event.type";
/** Resource of an explicitly recorded amount (`recordUsage`). */
export const ATTR_QUOTEL_RESOURCE = "quotel.resource";
/** Integer amount of `quotel.resource`. */
export const ATTR_QUOTEL_AMOUNT = "quotel.amount";
/** Reservation that admitted the work (UUID); the span settles it. */
export const ATTR_QUOTEL_RESERVATION_ID = "quotel.reservation.id";
/** Where the token counts come from: one of `USAGE_SOURCES`. */
export const ATTR_QUOTEL_USAGE_SOURCE = "quotel.usage.source";
/** What a rerank is billed in; kept in the event's detail like all metadata. */
export const ATTR_QUOTEL_METADATA_SEARCH_UNITS = "quotel.metadata.search_units";
/** Outcome, where the span's own status cannot say it: `rate_limited`. */
export const ATTR_QUOTEL_STATUS = "quotel.status";
/** Id of one run of one process; with `quotel.seq` it makes loss provable (I12). */
export const ATTR_QUOTEL_BOOT_ID = "quotel.boot.id";
/** Position of the record in its boot's sequence, from 1, without gaps. */
export const ATTR_QUOTEL_SEQ = "quotel.seq";

/**
 * A numbered span of no usage may tell how its sender stands: each of `HEARTBEAT_COUNTERS` as `quotel.heartbeat.<name>`, a
 * count since the start of its run.
 */
export const HEARTBEAT_PREFIX = "quotel.heartbeat.";
/** Of records, but for `retries` (requests), `fail_open` and `fail_closed` (decisions) and `tenants_refused` (headers). */
export const HEARTBEAT_COUNTERS = [
  "recorded",
  "acknowledged",
  "replayed",
  "waiting",
  "dropped",
  "damaged",
  "retries",
  "quarantined",
  "rejected",
  "fail_open",
  "fail_closed",
  "tenants_refused",
] as const;
export type HeartbeatCounter = (typeof HEARTBEAT_COUNTERS)[number];

/**
 * `false` on a span of the app's own tracing: what it shows is recorded by an event of its own, wherever else the span goes.
 * A span that names its event (`quotel.event.type`, `quotel.resource`) counts all the same.
 */
export const ATTR_QUOTEL_COUNTED = "quotel.counted";
/** On such a span: the span id of that event, which is of the same trace. */
export const ATTR_QUOTEL_EVENT_SPAN_ID = "quotel.event.span_id";

/** A metric of this name and a resource behind it is that resource's level: `quotel.level.storage_bytes`. */
export const LEVEL_METRIC_PREFIX = "quotel.level.";

/** Instrumentation scope of every span of ours. */
export const QUOTEL_SCOPE_NAME = "@quotel/instrumentation";
/** OTLP request header: the sender's clock at send time, Unix nanoseconds; lets the collector correct skew. */
export const HEADER_SENT_AT = "quotel-sent-at-unix-nano";

export const ATTR_GEN_AI_OPERATION_NAME = "gen_ai.operation.name";
export const ATTR_GEN_AI_PROVIDER_NAME = "gen_ai.provider.name";
/** Older twin of `gen_ai.provider.name` (before semconv 1.37). */
export const ATTR_GEN_AI_SYSTEM = "gen_ai.system";
export const ATTR_GEN_AI_REQUEST_MODEL = "gen_ai.request.model";
export const ATTR_GEN_AI_REQUEST_STREAM = "gen_ai.request.stream";
export const ATTR_GEN_AI_RESPONSE_MODEL = "gen_ai.response.model";
export const ATTR_GEN_AI_RESPONSE_ID = "gen_ai.response.id";
export const ATTR_GEN_AI_CONVERSATION_ID = "gen_ai.conversation.id";
/** Includes cached input tokens. */
export const ATTR_GEN_AI_USAGE_INPUT_TOKENS = "gen_ai.usage.input_tokens";
/** Includes reasoning tokens. */
export const ATTR_GEN_AI_USAGE_OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
export const ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS = "gen_ai.usage.cache_read.input_tokens";
export const ATTR_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS = "gen_ai.usage.cache_write.input_tokens";
/** Older twin of `gen_ai.usage.cache_write.input_tokens`. */
export const ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS = "gen_ai.usage.cache_creation.input_tokens";
export const ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS = "gen_ai.usage.reasoning.output_tokens";
export const ATTR_OPENAI_RESPONSE_SERVICE_TIER = "openai.response.service_tier";

export const ATTR_HTTP_REQUEST_METHOD = "http.request.method";
/** How often the same operation was sent before; absent on its first attempt. */
export const ATTR_HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count";
export const ATTR_HTTP_ROUTE = "http.route";
export const ATTR_HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
export const ATTR_ERROR_TYPE = "error.type";
export const ATTR_SERVER_ADDRESS = "server.address";
export const ATTR_SERVER_PORT = "server.port";
export const ATTR_SERVICE_NAME = "service.name";
export const ATTR_USER_ID = "user.id";
