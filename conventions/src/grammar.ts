/** Grammars and bounds of the values that cross a wire. Constants only; the rooms hold the code that applies them. */

/** A tenant id. Case-sensitive, 1 to 128 characters. */
export const TENANT_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
/** A resource name, 1 to 63 characters. */
export const RESOURCE_PATTERN = /^[a-z][a-z0-9_]{0,62}$/;
/** A reservation id: any RFC 9562 UUID, written in hex with dashes. Callers choose a version 7 one. */
export const RESERVATION_ID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Reserved tenant that takes the usage of spans without a tenant. Never billed, never named by a caller. */
export const UNATTRIBUTED_TENANT = "unattributed";
/** Largest amount on the wire: 2^53 - 1, the largest exact JSON number. */
export const AMOUNT_MAX = 9_007_199_254_740_991;
/** Largest token count one event may claim; larger ones are rejected as absurd. */
export const EVENT_TOKENS_MAX = 1_000_000_000;
/** Largest amount one event may claim of any other resource: sums of billions of such events stay within bigint. */
export const EVENT_AMOUNT_MAX = 1_000_000_000_000;
/** Reservation life when the caller names none, and its bounds. */
export const RESERVATION_TTL_SECONDS_DEFAULT = 300;
export const RESERVATION_TTL_SECONDS_MAX = 86_400;
/** How far in the past a span may end and still be counted (I4). */
export const HORIZON_DAYS = 30;

/** Resources quotel knows without a catalogue entry. */
export const BUILT_IN_RESOURCES = [
  "tokens",
  "api_calls",
  "chat_messages",
  "embeddings",
  "embedding_tokens",
  "searches",
  "kb_ingests",
  "agent_minutes",
  "storage_bytes",
  "members",
  "channels",
  "cost",
] as const;

/** Values of `quotel.usage.source`: how trustworthy a span's token counts are. */
export const USAGE_SOURCES = ["provider", "partial", "estimated", "none"] as const;
export type UsageSource = (typeof USAGE_SOURCES)[number];

/** Values of `quotel.event.type` that quotel itself emits. */
export const EVENT_TYPES = ["api_call", "chat", "embedding", "search", "kb_ingest"] as const;
