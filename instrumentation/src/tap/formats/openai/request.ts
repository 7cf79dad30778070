import { label } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { RequestFacts } from "../wire-format.ts";

/** Reads a request whose streamed answer tells its usage unasked, or that has none. Forms hold `"true"` as text. */
export function readAnyRequest(body: Fields): RequestFacts {
  const stream = body["stream"] === true || body["stream"] === "true" || body["stream_format"] === "sse";
  return { model: label(body["model"]), stream, askingForUsage: null };
}

/**
 * Reads a request whose stream tells its usage only when `stream_options.include_usage` asks for it. Everything but that option
 * stays as the caller wrote it; other stream options are kept.
 */
export function readRequestWithUsageOption(body: Fields): RequestFacts {
  const facts = readAnyRequest(body);
  const options = body["stream_options"] ?? {};
  const canAsk = typeof options === "object" && !Array.isArray(options);
  const asked = (options as { include_usage?: unknown }).include_usage === true;
  if (!facts.stream || !canAsk || asked) return facts;
  return { ...facts, askingForUsage: { ...body, stream_options: { ...options, include_usage: true } } };
}
