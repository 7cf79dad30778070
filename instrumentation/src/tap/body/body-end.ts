/** How a body ended. */
export type BodyEnd =
  | { readonly kind: "complete" }
  /** The connection failed. */
  | { readonly kind: "cut"; readonly error: unknown }
  /** The caller stopped (break, cancel, abort); what could still be learnt has been, within the drain's bounds. */
  | { readonly kind: "left"; /** The rest was read to its end. */ readonly drained: boolean }
  /** Nothing moved for so long that the call is recorded with what is known; the bytes go on passing. */
  | { readonly kind: "stalled" };
