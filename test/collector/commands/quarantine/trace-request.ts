/** An OTLP JSON trace request with one chat span per set of attributes. */
export function traceRequest(...spans: readonly Readonly<Record<string, string | number>>[]): object {
  return {
    resourceSpans: [
      { scopeSpans: [{ scope: { name: "test" }, spans: spans.map((attributes, index) => spanOf(attributes, index)) }] },
    ],
  };
}

export function encoded(request: object): Buffer {
  return Buffer.from(JSON.stringify(request));
}

function spanOf(attributes: Readonly<Record<string, string | number>>, index: number): object {
  const endMs = Date.now() - 1_000;
  const all = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", ...attributes };
  return {
    traceId: "ab".repeat(16),
    spanId: (index + 1).toString(16).padStart(16, "0"),
    name: "chat",
    kind: 3,
    startTimeUnixNano: `${endMs - 10}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: Object.entries(all).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: value } : { stringValue: value },
    })),
  };
}
