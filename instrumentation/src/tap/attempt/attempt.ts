import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_RESPONSE_ID,
  ATTR_GEN_AI_RESPONSE_MODEL,
  ATTR_GEN_AI_SYSTEM,
  ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_OPENAI_RESPONSE_SERVICE_TIER,
  ATTR_QUOTEL_METADATA_SEARCH_UNITS,
  ATTR_QUOTEL_TENANT_ID,
  ATTR_QUOTEL_USAGE_SOURCE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_USER_ID,
} from "@quotel/conventions";

import { randomHex } from "../../process/crypto.ts";
import { startStopwatch } from "../../metering/clock.ts";
import type { Meter } from "../../metering/meter.ts";
import { startCallSpan } from "../../open-telemetry/call-span.ts";
import { amountsOf } from "../../quota/amounts.ts";
import { recordCall, tenantByNow } from "../call-context.ts";
import type { CallContext } from "../call-context.ts";
import type { Finding } from "../body/finding.ts";
import type { ProviderCall } from "../provider-call.ts";
import { estimateMissing } from "../estimate/estimate-missing.ts";
import { attemptBegins, attemptEnds } from "./under-way.ts";
import { judgeAttempt } from "./attempt-outcome.ts";
import type { AttemptEnd } from "./attempt-outcome.ts";
import { knownProviderOf } from "./provider-name.ts";

/** One request to a provider on its way; an SDK's retry is another one. */
export interface Attempt {
  /** Records the attempt; only the first call counts. */
  finish(end: AttemptEnd, finding: Finding | null): void;
}

/** Starts an attempt for `context`, which was captured when the app made the call. */
export function beginAttempt(meter: Meter, call: ProviderCall, context: CallContext): Attempt {
  const stopwatch = startStopwatch();
  const { url, endpoint, facts } = call;
  const { eventType, operation } = endpoint;
  const requestModel = facts.model ?? endpoint.model;
  const provider = knownProviderOf(url.hostname) ?? endpoint.provider;
  const spanName = requestModel === undefined ? operation : `${operation} ${requestModel}`;
  const spanId = randomHex(8);
  const asked = {
    [ATTR_GEN_AI_OPERATION_NAME]: operation,
    [ATTR_GEN_AI_PROVIDER_NAME]: provider,
    [ATTR_GEN_AI_SYSTEM]: provider,
    [ATTR_GEN_AI_REQUEST_MODEL]: requestModel,
    [ATTR_GEN_AI_REQUEST_STREAM]: facts.stream || undefined,
    [ATTR_HTTP_REQUEST_RESEND_COUNT]: call.resendCount || undefined,
    [ATTR_SERVER_ADDRESS]: url.hostname,
    [ATTR_SERVER_PORT]: Number(url.port) || (url.protocol === "https:" ? 443 : 80),
  };
  let finished = false;
  context.work?.begin();
  attemptBegins(url.host);
  const { tenantId, appContext } = context;
  const traced = { eventType, spanName, tenantId, eventSpanId: spanId, attributes: asked };
  const callSpan = startCallSpan(traced, appContext);

  return {
    finish(end, finding) {
      if (finished) return;
      finished = true;
      attemptEnds(url.host);
      const judged = judgeAttempt(end, finding);
      const texts = { eventType, model: requestModel, input: call.input, output: finding?.outputText ?? null };
      const { status, errorType, usage, usageSource } = estimateMissing(judged, texts);
      const answered = {
        [ATTR_GEN_AI_RESPONSE_MODEL]: finding?.responseModel,
        [ATTR_GEN_AI_RESPONSE_ID]: finding?.responseId,
        [ATTR_OPENAI_RESPONSE_SERVICE_TIER]: finding?.serviceTier,
        [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: usage?.inputTokens,
        [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: usage?.outputTokens,
        [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: usage?.cacheReadTokens,
        [ATTR_GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS]: usage?.cacheWriteTokens,
        [ATTR_GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS]: usage?.cacheWriteTokens,
        [ATTR_GEN_AI_USAGE_REASONING_OUTPUT_TOKENS]: usage?.reasoningTokens,
        [ATTR_QUOTEL_METADATA_SEARCH_UNITS]: usage?.searchUnits,
        [ATTR_QUOTEL_USAGE_SOURCE]: usageSource,
        [ATTR_ERROR_TYPE]: errorType,
      };
      recordCall(meter, context, {
        eventType,
        spanName,
        traceId: callSpan?.traceId ?? context.traceId,
        spanId,
        parentSpanId: context.parentSpanId,
        startMicros: stopwatch.startMicros,
        endMicros: stopwatch.endMicros(),
        status,
        reservationId: context.work?.reservationId ?? null,
        attributes: { ...asked, ...answered, [ATTR_USER_ID]: context.userId ?? context.holder?.userId ?? undefined },
      });
      context.work?.consumed(amountsOf(eventType, status, usage));
      context.work?.end();
      callSpan?.end({ ...answered, [ATTR_QUOTEL_TENANT_ID]: tenantByNow(context) ?? undefined }, status === "failed");
    },
  };
}
