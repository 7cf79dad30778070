/** A protobuf writer for tests that need what no well-behaved serialiser sends. */

export function message(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields);
}

export function delimited(field: number, content: Uint8Array | string): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

export function integer(field: number, value: bigint): Buffer {
  return Buffer.concat([varint(field * 8), varint(BigInt.asUintN(64, value))]);
}

export function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

export function fixed32(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

export function group(field: number, ...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([varint(field * 8 + 3), ...fields, varint(field * 8 + 4)]);
}

/** Most tags and lengths: made once, because the fuzzer writes millions. */
const ONE_BYTE = Array.from({ length: 0x80 }, (_, value) => Buffer.of(value));

function varint(value: bigint | number): Buffer {
  if (value < 0x80) return ONE_BYTE[Number(value)]!;
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
