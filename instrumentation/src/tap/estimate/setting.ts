import { perProcess } from "../../process/per-process.ts";
import { warnOnce } from "../../process/warn.ts";
import { loadTokenizer } from "../../usage/estimate/tokenizer.ts";

/** Whether tokens that no provider tells are estimated from the texts (`QUOTEL_ESTIMATE_TOKENS`). Off: no text is kept. */
export const estimates = perProcess("estimates", () => ({ on: false }));

/** Switches estimates on, and loads the tokenizer now (a quarter of a second), so that no request waits for it. */
export function startEstimates(): void {
  estimates().on = true;
  if (loadTokenizer("") !== null) return;
  warnOnce(
    "QUOTEL_NO_TOKENIZER",
    "QUOTEL_ESTIMATE_TOKENS is on and gpt-tokenizer is not installed: an estimate is one token for every four bytes (npm install gpt-tokenizer)",
  );
}
