import type { AttemptOutcome } from "../attempt/attempt-outcome.ts";
import type { ModelEventType } from "../formats/wire-format.ts";
import type { KeptText } from "./kept-text.ts";

/** What an estimate is made from. */
interface Texts {
  readonly eventType: ModelEventType;
  readonly model: string | undefined;
  /** Null: it is not known what was asked. */
  readonly input: KeptText | null;
  /** Null: no answer was read, or texts are not kept. */
  readonly output: KeptText | null;
}

/**
 * The last resort: where the provider did not tell all of a call's usage, what it did not tell is taken from the texts, and
 * the usage is marked `estimated`. What was told stays; of the output, of which a cut stream tells what there was so far, the
 * larger figure holds. Nothing is estimated for a call that brought nothing: who answers with an error bills none.
 */
export function estimateMissing(outcome: AttemptOutcome, texts: Texts): AttemptOutcome {
  const { usage, usageSource } = outcome;
  if (usageSource === "provider" || !broughtSomething(outcome, texts)) return outcome;
  const { eventType, model, input, output } = texts;
  const inputTokens = usage?.inputTokens ?? input?.tokens(model);
  const written = eventType === "chat" ? (output?.tokens(model) ?? 0) : 0;
  const outputTokens = written === 0 ? usage?.outputTokens : Math.max(usage?.outputTokens ?? 0, written);
  if (inputTokens === usage?.inputTokens && outputTokens === usage?.outputTokens) return outcome;
  const estimated = {
    ...usage,
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  };
  return { ...outcome, usage: estimated, usageSource: "estimated" };
}

/** A chat has written something; an embedding was answered. Of images and speech the text says nothing. */
function broughtSomething({ status }: AttemptOutcome, { eventType, input, output }: Texts): boolean {
  if (eventType === "chat") return output !== null && output.length > 0;
  return eventType === "embedding" && status === "ok" && input !== null && input.length > 0;
}
