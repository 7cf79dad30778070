import { join } from "node:path";
import protobuf from "protobufjs";

const PROTO = join(import.meta.dirname, "../../benchmark/spans/otlp-traces.proto");

/** Encodes OTLP/JSON trace requests as protobuf, by the published schema and a library that shares no code with ours. */
export async function protobufEncoder(): Promise<(request: object) => Uint8Array> {
  const type = (await protobuf.load(PROTO)).lookupType("ExportTraceServiceRequest");
  return (request) => type.encode(type.fromObject(withBinaryIds(request))).finish();
}

/** Ids are hexadecimal in JSON and bytes in protobuf. */
function withBinaryIds(request: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(request), (name, value: unknown) =>
    /^(traceId|spanId|parentSpanId)$/.test(name) ? Buffer.from(String(value), "hex") : value,
  ) as Record<string, unknown>;
}
