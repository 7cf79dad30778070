import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { main as generate } from "protobufjs-cli/pbjs.js";
import type { Span, TraceRequest } from "./realistic-spans.ts";

/** The part of a protobufjs generated message class that the bench uses. */
export interface GeneratedMessage {
  fromObject(object: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** Generates protobufjs' static code as its users do (`pbjs -t static-module`) and loads it. */
export async function generatedRequest(): Promise<GeneratedMessage> {
  const folder = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  try {
    const file = join(folder, "otlp-traces.cjs");
    const proto = join(import.meta.dirname, "otlp-traces.proto");
    const require = createRequire(import.meta.url);
    await promisify(generate)([
      "-t",
      "static-module",
      "-w",
      "commonjs",
      "-r",
      "quotel",
      "--dependency",
      require.resolve("protobufjs/minimal.js"),
      "-o",
      file,
      proto,
    ]);
    return (require(file) as { ExportTraceServiceRequest: GeneratedMessage }).ExportTraceServiceRequest;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The protobuf bytes of a request. */
export function encode(generated: GeneratedMessage, request: TraceRequest): Uint8Array {
  const resourceSpans = request.resourceSpans.map(({ resource, scopeSpans }) => ({
    resource,
    scopeSpans: scopeSpans.map(({ scope, spans }) => ({ scope, spans: spans.map(withBinaryIds) })),
  }));
  return generated.encode(generated.fromObject({ resourceSpans })).finish();
}

/** Ids are hexadecimal in JSON and bytes in protobuf. */
function withBinaryIds(span: Span): object {
  const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
  const { traceId, spanId, parentSpanId } = span;
  return { ...span, traceId: bytes(traceId), spanId: bytes(spanId), parentSpanId: bytes(parentSpanId) };
}
