import type { crc32 as zlibCrc32 } from "node:zlib";

/** What is the same for all items of a segment: how their request introduces them. */
export interface SegmentHeader {
  /** `service.name` of the process that recorded them. */
  readonly serviceName: string;
  /** Version of the instrumentation that recorded them. */
  readonly scopeVersion: string;
}

export interface SegmentContent {
  /** Null: damaged, or of a format this version does not know. */
  readonly header: SegmentHeader | null;
  /** Encoded items whose bytes are those that were written, in that order. */
  readonly items: readonly string[];
  /** Lines that are not what was written: a tail that a crash tore off, or a damaged disk. */
  readonly damaged: number;
}

const FORMAT = 1;
/** No item starts like this. A process that ends may write a line again that was on its way, the header too. */
const HEADER_START = '{"format":';
const NEWLINE = 0x0a;
/** Eight hexadecimal digits and a space. */
const CHECKSUM_BYTES = 9;

/**
 * A segment is a text file of lines, each with the CRC-32 of the rest of it in front: the header, then one encoded item a
 * line. Whatever is done to the file's bytes, a line is read only if its checksum is right. `text` has no newline in it.
 */
export function encodeLine(text: string): string {
  return `${checksumOf(text)} ${text}\n`;
}

/** The first line of a segment. */
export function encodeHeader(header: SegmentHeader): string {
  return encodeLine(JSON.stringify({ format: FORMAT, ...header }));
}

/** Reads all that is intact; pure and total: any bytes are an answer. */
export function readSegment(bytes: Buffer): SegmentContent {
  const items: string[] = [];
  let header: SegmentHeader | null = null;
  let damaged = 0;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const text = newline === -1 ? null : readLine(bytes.subarray(start, end));
    if (text === null) damaged += 1;
    else if (text.startsWith(HEADER_START)) header = readHeader(text);
    else items.push(text);
    start = end + 1;
  }
  return { header, items, damaged };
}

function readLine(line: Buffer): string | null {
  if (line.length < CHECKSUM_BYTES) return null;
  const text = line.subarray(CHECKSUM_BYTES);
  return line.toString("latin1", 0, CHECKSUM_BYTES) === `${checksumOf(text)} ` ? text.toString() : null;
}

function readHeader(text: string): SegmentHeader | null {
  const { format, serviceName, scopeVersion } = JSON.parse(text) as Partial<SegmentHeader> & { format?: number };
  if (format !== FORMAT || serviceName === undefined || scopeVersion === undefined) return null;
  return { serviceName, scopeVersion };
}

function checksumOf(data: string | Buffer): string {
  // Not imported: an app's start does not wait for it.
  crc32 ??= process.getBuiltinModule("node:zlib").crc32;
  return crc32(data).toString(16).padStart(8, "0");
}

let crc32: typeof zlibCrc32 | undefined;
