import { ATTR_SERVICE_NAME, QUOTEL_SCOPE_NAME } from "@quotel/conventions";

import type { SegmentHeader } from "../spool/segment-format.ts";
import { encodeAttributes } from "./encode-attributes.ts";

/** An OTLP/JSON trace request around spans that are already encoded. */
export function encodeRequest({ serviceName, scopeVersion }: SegmentHeader, spans: readonly string[]): string {
  const resource = `{"attributes":${encodeAttributes({ [ATTR_SERVICE_NAME]: serviceName })}}`;
  const scope = JSON.stringify({ name: QUOTEL_SCOPE_NAME, version: scopeVersion });
  return `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[${spans.join(",")}]}]}]}`;
}
