import type { TokenUsage } from "../attempt/token-usage.ts";
import type { KeptText } from "../estimate/kept-text.ts";

/** What has been learnt from a response's body so far. */
export interface Finding {
  readonly usage: TokenUsage | null;
  /** Nothing that could change the usage can follow. */
  readonly complete: boolean;
  /** Streamed pieces of output seen: a lower bound of the output tokens where the provider never said. */
  readonly outputDeltas: number;
  /** The output itself, where its tokens may have to be estimated; null: it is not kept. */
  readonly outputText: KeptText | null;
  readonly responseModel: string | undefined;
  readonly responseId: string | undefined;
  readonly serviceTier: string | undefined;
  /** An error the provider reported inside the body. */
  readonly errorType: string | undefined;
}

/** Reads a body while it passes. */
export interface BodyObserver {
  /** Looks at the next bytes and returns what the caller gets to see of them: as a rule the same object. */
  chunk(bytes: Uint8Array): Uint8Array;
  /** The body is over, or cut: bytes held back that the caller must still get. */
  rest(): Uint8Array;
  finding(): Finding;
}
