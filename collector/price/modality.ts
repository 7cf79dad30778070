import type { UsageEvent } from "#database/record/usage-event";

/** Tokens that are no text, as far as the sender counted them apart. Parts of the event's input and output. */
export interface TokensByModality {
  readonly inputAudio: number;
  readonly inputImage: number;
  readonly outputAudio: number;
  readonly outputImage: number;
}

const TEXT_ONLY: TokensByModality = { inputAudio: 0, inputImage: 0, outputAudio: 0, outputImage: 0 };

/** Where the details of an event keep what its sender said under these names; the first that is there counts. */
const KEYS = {
  inputAudio: ["raw.gen_ai.usage.audio.input_tokens", "raw.llm.token_count.prompt_details.audio"],
  inputImage: ["raw.gen_ai.usage.image.input_tokens"],
  outputAudio: [
    "raw.gen_ai.usage.audio.output_tokens",
    "raw.llm.token_count.completion_details.audio",
    "raw.gen_ai.usage.completion_tokens_details.audio",
    "raw.gen_ai.usage.completion_tokens_details.audio_tokens",
  ],
  outputImage: ["raw.gen_ai.usage.image.output_tokens"],
} as const satisfies Record<keyof TokensByModality, readonly string[]>;

export function tokensByModality(detail: UsageEvent["detail"]): TokensByModality {
  if (detail === null) return TEXT_ONLY;
  const countOf = (keys: readonly string[]): number => {
    for (const key of keys) {
      const value = detail[key];
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    }
    return 0;
  };
  return {
    inputAudio: countOf(KEYS.inputAudio),
    inputImage: countOf(KEYS.inputImage),
    outputAudio: countOf(KEYS.outputAudio),
    outputImage: countOf(KEYS.outputImage),
  };
}
