import type { ReceivedSpan } from "./otlp-receiver.ts";

/** The tokens that spans say, input and output, of all of them together. */
export function tokens(spans: readonly ReceivedSpan[]): number {
  const figures = spans.flatMap(({ attributes }) => [
    attributes["gen_ai.usage.input_tokens"],
    attributes["gen_ai.usage.output_tokens"],
  ]);
  return figures.reduce<number>((sum, figure) => sum + Number(figure ?? 0), 0);
}
