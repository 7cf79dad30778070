import { JsonLogsSerializer, ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { Counters } from "../../../collector/observe/counters.ts";
import { createAuditIngest } from "../../../collector/ingest/audit.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import { createRefuse } from "../../../collector/quarantine/refuse.ts";
import { createAuditRecorder } from "../../../collector/record/audit-recorder.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };
const SERIALIZERS = { protobuf: ProtobufLogsSerializer, json: JsonLogsSerializer };

const database = await createTestDatabase();
afterAll(database.drop);
const pools = [1, 2].map((n) =>
  createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 }),
);
afterAll(() => Promise.all(pools.map((pool) => pool.end())));
const counters = new Counters();
const recorders = pools.map((pool) => createAuditRecorder({ pool, defaultPlan: "trial", log: quiet }));
const parts = { counters, tenantAttributes: DEFAULT_TENANT_ATTRIBUTES };
const ingests = recorders.map((audit, n) =>
  createAuditIngest({ ...parts, audit, refuse: createRefuse(pools[n]!, quiet) }),
);

type Emit = (logger: ReturnType<LoggerProvider["getLogger"]>) => void;

/** What the real logs SDK would send for what `emit` logs. */
async function exported(encoding: keyof typeof SERIALIZERS, emit: Emit): Promise<Uint8Array> {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  emit(provider.getLogger("app"));
  await provider.forceFlush();
  return SERIALIZERS[encoding].serializeRequest(exporter.getFinishedLogRecords())!;
}

async function trail(tenantId: string): Promise<unknown[]> {
  const { rows } = await pools[0]!.query(
    "select event_type, actor_id, old_values, new_values from public.audit_events where tenant_id = $1 order by seq",
    [tenantId],
  );
  return rows;
}

test.each(["protobuf", "json"] as const)(
  "events of the logs SDK, sent as %s to two collectors at once and again, are in the trail once, structured values and all",
  async (encoding) => {
    const tenantId = `acme-${encoding}`;
    const bytes = await exported(encoding, (logger) => {
      const attributes = { "quotel.tenant.id": tenantId, "quotel.audit.actor.id": "ann" };
      logger.emit({
        eventName: "quotel.audit.plan.changed",
        attributes: {
          ...attributes,
          "quotel.audit.id": "1",
          "quotel.audit.old": { plan: "trial", seats: [1, 2] },
          "quotel.audit.new": { plan: "pro", seats: [1, 2, 3] },
        },
      });
      logger.emit({ eventName: "quotel.audit.trial.expired", attributes });
      logger.emit({ body: "just a log line", attributes });
    });
    const answers = await Promise.all([0, 1, 0, 1].map((n) => ingests[n]!(bytes, encoding, PRODUCER)));
    expect(answers).toEqual(answers.map(() => ({ kind: "accepted", rejected: 0, message: "" })));
    expect(await trail(tenantId)).toEqual([
      {
        event_type: "plan.changed",
        actor_id: "ann",
        old_values: { plan: "trial", seats: [1, 2] },
        new_values: { plan: "pro", seats: [1, 2, 3] },
      },
      { event_type: "trial.expired", actor_id: "ann", old_values: null, new_values: null },
    ]);
    const { rows } = await pools[0]!.query("select * from quotel.verify_audit_chain($1)", [tenantId]);
    expect(rows).toEqual([]);
  },
);

test("a logs request without an audit event is accepted and its records are counted as ignored", async () => {
  const before = counters.get("logs_ignored.no_audit_event");
  const bytes = await exported("protobuf", (logger) => logger.emit({ body: "hello" }));
  expect(await ingests[0]!(bytes, "protobuf", PRODUCER)).toEqual({ kind: "accepted", rejected: 0, message: "" });
  expect(counters.get("logs_ignored.no_audit_event")).toBe(before + 1);
});

test("an audit event that cannot be used is rejected with its reason, and its neighbours are kept", async () => {
  const bytes = await exported("json", (logger) => {
    const attributes = { "quotel.tenant.id": "mixed" };
    logger.emit({ eventName: "quotel.audit.a", attributes: { ...attributes, "quotel.audit.result": "perhaps" } });
    logger.emit({ eventName: "quotel.audit.b", attributes });
  });
  expect(await ingests[0]!(bytes, "json", PRODUCER)).toEqual({
    kind: "accepted",
    rejected: 1,
    message: "rejected log records: invalid_result (1)",
  });
  expect(await trail("mixed")).toMatchObject([{ event_type: "b" }]);
});

test("an audit recorder whose database is away asks for the events again", async () => {
  const pool = createPool({ connectionString: "postgres://nobody:x@127.0.0.1:9/none", applicationName: "away" });
  const audit = createAuditRecorder({ pool, defaultPlan: "trial", log: quiet });
  const ingest = createAuditIngest({ ...parts, audit, refuse: createRefuse(pool, quiet) });
  const bytes = await exported("json", (logger) => logger.emit({ eventName: "quotel.audit.a" }));
  expect(await ingest(bytes, "json", PRODUCER)).toMatchObject({ kind: "error", status: 503, retryAfterSeconds: 2 });
  await pool.end();
});
