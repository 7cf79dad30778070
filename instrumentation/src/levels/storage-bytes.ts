/** What one stored memory, document chunk or vector is made of. */
export interface StoredItem {
  readonly text?: string;
  /** Numbers of an embedding, of 4 bytes each. */
  readonly vectorDimensions?: number;
  readonly tags?: readonly string[];
  /** Counted as the JSON it is stored as. */
  readonly metadata?: unknown;
}

const BYTES_PER_DIMENSION = 4;
/** What a row takes beside its contents: its header, its ids and times, its entries in the indexes. */
const ROW_OVERHEAD_BYTES = 162;

/**
 * Bytes that an item takes in storage: its text, tags and metadata in UTF-8, its vector, and a row's overhead of 162 bytes.
 * What a database compresses or pads it does not know; it is the same for everybody, which is what a limit needs.
 *
 *     changeLevel("acme", "memory_storage", storageBytes({ text: "Likes tea", vectorDimensions: 1536, tags: ["drinks"] }));
 */
export function storageBytes(item: StoredItem): number {
  const { text = "", vectorDimensions = 0, tags = [], metadata } = item;
  const tagBytes = tags.reduce((sum, tag) => sum + Buffer.byteLength(tag), 0);
  const metadataBytes = metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata) ?? "");
  return (
    Buffer.byteLength(text) + vectorDimensions * BYTES_PER_DIMENSION + tagBytes + metadataBytes + ROW_OVERHEAD_BYTES
  );
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** A size for people: `0 B`, `1.5 KiB`, `-3 MiB`; as the quota service writes them. */
export function readableBytes(bytes: number): string {
  const step = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(Math.abs(bytes)) / 10), UNITS.length - 1);
  const scaled = bytes / 1024 ** step;
  return `${scaled.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${UNITS[step]}`;
}
