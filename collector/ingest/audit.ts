import type { AuditEvent } from "#database/audit/audit-event";
import type { Counters } from "../observe/counters.ts";
import { DecodeError } from "../decode/decode-error.ts";
import type { DecodedLog } from "../decode/decoded-log.ts";
import { JsonLogsDecoder } from "../decode/json/logs.ts";
import { ProtobufLogsDecoder } from "../decode/protobuf/logs.ts";
import { logKeys } from "../normalise/audit/attribute-names.ts";
import { normaliseLog } from "../normalise/audit/normalise-log.ts";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import { Reasons } from "../reasons.ts";
import type { Ingest } from "../receive/endpoint.ts";
import type { AuditRecorder } from "../record/audit-recorder.ts";

export interface AuditIngestParts {
  readonly audit: Pick<AuditRecorder, "record">;
  readonly counters: Counters;
  readonly tenantAttributes: TenantAttributes;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Builds the way of logs after their bytes are in: decode, normalise, record, and only then the answer (I2). What it
 * returns rejects only when the recorder does.
 */
export function createAuditIngest({ audit, counters, tenantAttributes, now }: AuditIngestParts): Ingest {
  const keys = logKeys(tenantAttributes);
  const decoders = { protobuf: new ProtobufLogsDecoder(keys), json: new JsonLogsDecoder(keys) };

  return async (bytes, encoding, producer) => {
    let logs: DecodedLog[];
    try {
      logs = decoders[encoding].decode(bytes);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      counters.add("requests_undecodable");
      return { kind: "error", status: error.status, message: `not an OTLP logs request: ${error.message}` };
    }

    const receivedAtMicros = now() * 1000;
    const events: AuditEvent[] = [];
    const ignored = new Reasons();
    const rejected = new Reasons();
    for (const log of logs) {
      const normalised = normaliseLog(log, producer, receivedAtMicros, tenantAttributes);
      if (normalised.kind === "event") events.push(normalised.event);
      else (normalised.kind === "rejected" ? rejected : ignored).add(normalised.reason);
    }

    if (events.length > 0) {
      const outcome = await audit.record(events, producer);
      if (outcome.kind === "unavailable") {
        counters.add("requests_unavailable");
        const { retryAfterSeconds } = outcome;
        return { kind: "error", status: 503, message: "the database is not available", retryAfterSeconds };
      }
      rejected.addAll(outcome.refused);
    }
    // Counted once the request is done with: what is answered 503 comes again.
    counters.add("logs_received", logs.length);
    counters.add("logs_accepted", logs.length - ignored.total() - rejected.total());
    ignored.countAs(counters, "logs_ignored");
    rejected.countAs(counters, "logs_rejected");
    return { kind: "accepted", rejected: rejected.total(), message: rejected.said("rejected log records") };
  };
}
