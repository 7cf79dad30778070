import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditEvent } from "#database/audit/audit-event";
import { Attributes, type AttributeValue } from "../../../collector/decode/attributes.ts";
import type { DecodedLog } from "../../../collector/decode/decoded-log.ts";
import { AUDIT_NAMES } from "../../../collector/normalise/audit/attribute-names.ts";
import { normaliseLog } from "../../../collector/normalise/audit/normalise-log.ts";

const OCCURRED_AT_MICROS = 1_790_000_000_000_000;
const PRODUCER = { keyId: "key-1", tenants: null };

type Values = Readonly<Record<string, AttributeValue>>;

function logOf(values: Values = {}, fields: Partial<Omit<DecodedLog, "attributes">> = {}): DecodedLog {
  const attributes = new Attributes();
  for (const [key, value] of Object.entries({ "quotel.tenant.id": "acme", ...values })) attributes.add(key, value);
  return {
    eventName: "quotel.audit.kb.uploaded",
    timeMicros: OCCURRED_AT_MICROS,
    observedMicros: 0,
    severity: 9,
    body: null,
    traceId: "",
    spanId: "",
    resource: new Attributes(),
    scope: { name: "app", version: "" },
    ...fields,
    attributes,
  };
}

function outcomeOf(log: DecodedLog): ReturnType<typeof normaliseLog> {
  return normaliseLog(log, PRODUCER);
}

function eventOf(log: DecodedLog): AuditEvent {
  const outcome = outcomeOf(log);
  if (outcome.kind !== "event") throw new Error(`the record is ${outcome.kind}: ${outcome.reason}`);
  return outcome.event;
}

function reasonOf(log: DecodedLog): string {
  const outcome = outcomeOf(log);
  return "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
}

describe("log records and audit events", () => {
  test("every field of an audit event has its attribute", () => {
    const event = eventOf(
      logOf({
        "quotel.audit.id": "id-1",
        "quotel.audit.entity.type": "document",
        "quotel.audit.entity.id": "d-1",
        "quotel.audit.action": "upload",
        "quotel.audit.actor.type": "tenant",
        "quotel.audit.actor.id": "u-1",
        "quotel.audit.old": '{"pages":1}',
        "quotel.audit.new": '{"pages":9007199254740993}',
        "quotel.audit.summary": "a document",
        "quotel.audit.result": "partial",
        "quotel.audit.error": "two pages unread",
        "quotel.audit.client.address": "192.0.2.1",
        "user_agent.original": "curl/8",
        "quotel.audit.request.id": "r-1",
        "quotel.audit.metadata": "[1,[2]]",
      }),
    );
    expect(event).toEqual({
      tenantId: "acme",
      auditId: "id-1",
      eventType: "kb.uploaded",
      occurredAtMicros: OCCURRED_AT_MICROS,
      entityType: "document",
      entityId: "d-1",
      action: "upload",
      actorType: "tenant",
      actorId: "u-1",
      old: { pages: 1 },
      new: { pages: "9007199254740993" },
      summary: "a document",
      result: "partial",
      error: "two pages unread",
      clientAddress: "192.0.2.1",
      userAgent: "curl/8",
      requestId: "r-1",
      metadata: [1, [2]],
      omitted: null,
      producer: "key-1",
    });
  });

  test("what is not said follows from the rest: action, result, summary and time", () => {
    const said = eventOf(
      logOf({ "quotel.audit.error": "boom" }, { body: "it went wrong", timeMicros: 0, observedMicros: 5 }),
    );
    expect(said).toMatchObject({
      action: "uploaded",
      result: "failure",
      summary: "it went wrong",
      occurredAtMicros: 5,
    });
    expect(eventOf(logOf())).toMatchObject({ result: "success", actorType: null, old: null });
  });

  test("the older attribute event.name names an event, too", () => {
    const log = logOf({ "event.name": "quotel.audit.trial.created" }, { eventName: "" });
    expect(eventOf(log).eventType).toBe("trial.created");
  });

  test.each([
    ["no event name", { eventName: "" }, {}, "ignored: no_audit_event"],
    ["another event's name", { eventName: "quotel.auditing" }, {}, "ignored: no_audit_event"],
    ["nothing after the prefix", { eventName: "quotel.audit." }, {}, "rejected: invalid_event_name"],
    ["no time at all", { timeMicros: 0 }, {}, "rejected: no_time"],
    ["an unknown actor", {}, { "quotel.audit.actor.type": "robot" }, "rejected: invalid_actor_type"],
    ["an unknown result", {}, { "quotel.audit.result": "maybe" }, "rejected: invalid_result"],
  ])("a record with %s comes to its reason", (_, fields, values: Values, reason) => {
    expect(reasonOf(logOf(values, fields))).toBe(reason);
  });

  test("I13: an audit event of a tenant that the key may not speak for is rejected; without a tenant it is unattributed", () => {
    expect(normaliseLog(logOf(), { keyId: "k", tenants: ["globex"] })).toMatchObject({
      kind: "rejected",
      reason: "foreign_tenant",
      claimedTenant: "acme",
    });
    expect(eventOf(logOf({ "quotel.tenant.id": "" })).tenantId).toBe("unattributed");
  });

  test("without an id, the same record is the same event, and any difference makes another", () => {
    const base = eventOf(logOf({ "quotel.audit.summary": "x", "quotel.audit.entity.id": "1" })).auditId;
    expect(eventOf(logOf({ "quotel.audit.entity.id": "1", "quotel.audit.summary": "x" })).auditId).toBe(base);
    expect(eventOf(logOf({ "quotel.audit.summary": "y", "quotel.audit.entity.id": "1" })).auditId).not.toBe(base);
    const later = logOf(
      { "quotel.audit.summary": "x", "quotel.audit.entity.id": "1" },
      { timeMicros: OCCURRED_AT_MICROS - 1 },
    );
    expect(eventOf(later).auditId).not.toBe(base);
  });

  test("no attribute values make a record anything but an event or a reason", () => {
    const value = fc.oneof(fc.string(), fc.json(), fc.double(), fc.boolean(), fc.constant("[".repeat(30_000)));
    const names = Object.values(AUDIT_NAMES).flat();
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (values) => {
        expect(outcomeOf(logOf(values)).kind).toBeOneOf(["event", "rejected"]);
      }),
      { numRuns: 1000 },
    );
  });
});
