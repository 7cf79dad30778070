import { JsonLogsSerializer, ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DecodedLog } from "../../../collector/decode/decoded-log.ts";
import { JsonLogsDecoder } from "../../../collector/decode/json/logs.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufLogsDecoder } from "../../../collector/decode/protobuf/logs.ts";
import { canonical, logRecords, STRUCTURED_NAMES, timesOf } from "./random-logs.ts";
import { kept, KEPT_NAMES } from "./random-spans.ts";

const keys = new KeyTable([...KEPT_NAMES, ...STRUCTURED_NAMES], { structured: STRUCTURED_NAMES });
const ENCODINGS = [
  { name: "protobuf", serializer: ProtobufLogsSerializer, decoder: new ProtobufLogsDecoder(keys) },
  { name: "JSON", serializer: JsonLogsSerializer, decoder: new JsonLogsDecoder(keys) },
];

test.each(ENCODINGS)(
  "what the OpenTelemetry SDK logs as $name decodes to the same records",
  ({ serializer, decoder }) => {
    fc.assert(
      fc.property(logRecords, (logs) => {
        const bytes = serializer.serializeRequest(logs) ?? new Uint8Array();
        expect(inOrder(decoder.decode(bytes).map(plain))).toEqual(inOrder(logs.map(expectedOf)));
      }),
      { numRuns: 400 },
    );
  },
);

function plain(log: DecodedLog) {
  return { ...log, attributes: byName(log.attributes.entries()), resource: byName(log.resource.entries()) };
}

function expectedOf(log: ReadableLogRecord) {
  const { attributes, resource, instrumentationScope: scope } = log;
  const structured = STRUCTURED_NAMES.filter((name) => Object.hasOwn(attributes, name)).flatMap((name) => {
    const value = (attributes as Record<string, unknown>)[name];
    if (value === null) return [];
    return [[name, typeof value === "object" ? canonical(value) : value === 0 ? 0 : value] as [string, unknown]];
  });
  return {
    eventName: log.eventName ?? "",
    ...timesOf(log),
    severity: log.severityNumber,
    body: typeof log.body === "object" || log.body === undefined ? null : log.body === 0 ? 0 : log.body,
    traceId: log.spanContext?.traceId ?? "",
    spanId: log.spanContext?.spanId ?? "",
    attributes: byName([...kept(attributes), ...structured]),
    resource: byName(kept(resource.attributes)),
    scope: { name: scope.name, version: scope.version ?? "" },
  };
}

function byName(entries: [string, unknown][]): [string, unknown][] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Exporters are free to regroup. */
function inOrder<Log extends object>(logs: readonly Log[]): Log[] {
  return logs.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
