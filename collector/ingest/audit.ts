import type { AuditEvent } from "#database/audit/audit-event";
import type { Counters } from "../observe/counters.ts";
import { DecodeError } from "../decode/decode-error.ts";
import type { DecodedLog } from "../decode/decoded-log.ts";
import { JsonLogsDecoder } from "../decode/json/logs.ts";
import { ProtobufLogsDecoder } from "../decode/protobuf/logs.ts";
import { logKeys } from "../normalise/audit/attribute-names.ts";
import { normaliseLog } from "../normalise/audit/normalise-log.ts";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import type { Refuse } from "../quarantine/refuse.ts";
import { refusedLogRecord } from "../quarantine/refused-item.ts";
import type { RefusedItem } from "../quarantine/refused-item.ts";
import { Reasons } from "../reasons.ts";
import type { Ingest } from "../receive/endpoint.ts";
import type { AuditOutcome, AuditRecorder } from "../record/audit-recorder.ts";
import type { RecordOutcome } from "../record/recorder.ts";

export interface AuditIngestParts {
  readonly audit: Pick<AuditRecorder, "record">;
  readonly refuse: Refuse;
  readonly counters: Counters;
  readonly tenantAttributes: TenantAttributes;
}

/**
 * Builds the way of logs after their bytes are in: decode, normalise, record, and only then the answer (I2). What it
 * returns rejects only when the recorder does.
 */
export function createAuditIngest({ audit, refuse, counters, tenantAttributes }: AuditIngestParts): Ingest {
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

    const events: AuditEvent[] = [];
    const ignored = new Reasons();
    const rejected = new Reasons();
    const refused: RefusedItem[] = [];
    for (const log of logs) {
      const normalised = normaliseLog(log, producer, tenantAttributes);
      if (normalised.kind === "event") events.push(normalised.event);
      else if (normalised.kind === "ignored") ignored.add(normalised.reason);
      else {
        rejected.add(normalised.reason);
        refused.push(refusedLogRecord(log, normalised, producer, tenantAttributes));
      }
    }

    let outcome: AuditOutcome | RecordOutcome = { kind: "committed" };
    if (events.length > 0) outcome = await audit.record(events, producer);
    if ("refused" in outcome) rejected.addAll(outcome.refused);
    // Only then, so that what comes again after a 503 is not counted as another attempt.
    if (refused.length > 0 && outcome.kind === "committed") outcome = await refuse(refused, producer);
    if (outcome.kind === "unavailable") {
      counters.add("requests_unavailable");
      const { retryAfterSeconds } = outcome;
      return { kind: "error", status: 503, message: "the database is not available", retryAfterSeconds };
    }
    // Counted once the request is done with: what is answered 503 comes again.
    counters.add("logs_received", logs.length);
    counters.add("logs_accepted", logs.length - ignored.total() - rejected.total());
    ignored.countAs(counters, "logs_ignored");
    rejected.countAs(counters, "logs_rejected");
    return { kind: "accepted", rejected: rejected.total(), message: rejected.said("rejected log records") };
  };
}
