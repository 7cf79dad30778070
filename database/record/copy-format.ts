import { requireExact } from "./ledger-columns.ts";
import type { ColumnType, ColumnValue, LedgerColumn } from "./ledger-columns.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** "PGCOPY\n\xff\r\n\0", flags 0, no header extension. */
const HEADER = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex");
const TRAILER_BYTES = 2;
/** 2000-01-01, where Postgres starts counting, in Unix microseconds and days. */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000;
const POSTGRES_EPOCH_DAY = 10_957;
const ROW_BYTES_GUESS = 384;
const TWO_32 = 4_294_967_296;
const NOT_HEX = 0xff;
/** Value of a digit by its character code. */
const HEX_DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NOT_HEX : value;
});

/**
 * Rows in the binary format of Postgres' COPY (see "Binary Format" in its documentation of COPY): a field is its length
 * and its bytes as the type's receive function wants them, all big-endian; length -1 is null.
 */
export function copyRows(rows: readonly LedgerRow[], batch: number, columns: readonly LedgerColumn[]): Buffer {
  const writer = new CopyWriter(HEADER.length + rows.length * ROW_BYTES_GUESS + TRAILER_BYTES);
  for (const row of rows) {
    writer.int16(columns.length);
    for (const column of columns) writer.field(column.type, column.of(row, batch));
  }
  return writer.finish();
}

class CopyWriter {
  #bytes: Buffer;
  #at: number;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
    this.#at = HEADER.copy(this.#bytes);
  }

  int16(value: number): void {
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
  }

  field(type: ColumnType, value: ColumnValue): void {
    if (value === null) {
      this.#reserve(4);
      this.#int32(-1);
    } else if (typeof value === "number") this.#number(type, value);
    else this.#string(type, value);
  }

  finish(): Buffer {
    this.int16(-1);
    return this.#bytes.subarray(0, this.#at);
  }

  #number(type: ColumnType, value: number): void {
    requireExact(value, type);
    this.#reserve(12);
    if (type === "date" || type === "integer") {
      this.#int32(4);
      this.#int32(type === "date" ? value - POSTGRES_EPOCH_DAY : value);
      return;
    }
    const whole = type === "timestamptz" ? value - POSTGRES_EPOCH_MICROS : value;
    const high = Math.floor(whole / TWO_32);
    this.#int32(8);
    this.#int32(high);
    // Cheaper than the remainder of a division.
    this.#int32(whole - high * TWO_32);
  }

  #string(type: ColumnType, value: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.#reserve(5 + value.length * 3);
    const start = this.#at + 4;
    let end: number;
    if (type === "uuid" || type === "bits64") {
      end = this.#hex(value, start);
    } else if (type === "jsonb") {
      this.#bytes[start] = 1; // the version of jsonb's format
      end = start + 1 + this.#bytes.write(value, start + 1, "utf8");
    } else end = start + this.#text(value, start);
    this.#int32(end - start);
    this.#at = end;
  }

  /** Ids: hex digits, dashes skipped. A loop, because a call out of JavaScript costs more than so few bytes. */
  #hex(value: string, start: number): number {
    const bytes = this.#bytes;
    let at = start;
    let high = -1;
    for (let index = 0; index < value.length; index++) {
      const digit = HEX_DIGITS[value.charCodeAt(index)] ?? NOT_HEX;
      if (digit === NOT_HEX) continue;
      if (high < 0) high = digit;
      else {
        bytes[at++] = (high << 4) | digit;
        high = -1;
      }
    }
    return at;
  }

  /** Labels are short and nearly always ASCII, where a loop is faster than a call out of JavaScript. */
  #text(value: string, start: number): number {
    const bytes = this.#bytes;
    if (value.length > 32) return bytes.write(value, start, "utf8");
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) return bytes.write(value, start, "utf8");
      bytes[start + index] = unit;
    }
    return value.length;
  }

  #int32(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#at = at + 4;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
