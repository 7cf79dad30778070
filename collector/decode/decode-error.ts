/** Spans, data points or log records in one request. Each costs memory however few bytes it was sent in (at least two). */
const ITEMS_MAX = 100_000;

/** The bytes are not the OTLP message they claim to be. The only error the decoders throw. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  /** What the sender gets: 400, or 413 when smaller requests would help. */
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}

/** Refuses a request that holds more items than one may; `count` includes the next one. */
export function checkItems(count: number): void {
  if (count > ITEMS_MAX) throw new DecodeError(`more than ${ITEMS_MAX} items in one request; send smaller ones`, 413);
}
