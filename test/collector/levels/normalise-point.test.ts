import { describe, expect, test } from "vitest";
import type { MetricPoint } from "#database/levels/metric-point";
import { TEMPORALITY_CUMULATIVE, TEMPORALITY_DELTA } from "../../../collector/decode/decoded-point.ts";
import type { DecodedPoint } from "../../../collector/decode/decoded-point.ts";
import { normalisePoint } from "../../../collector/normalise/levels/normalise-point.ts";
import { SAMPLED_AT_MICROS, pointOf } from "./point-of.ts";

const PRODUCER = { keyId: "key-1", tenants: null };
const CUMULATIVE = { kind: "sum", temporality: TEMPORALITY_CUMULATIVE, startMicros: SAMPLED_AT_MICROS - 1000 } as const;
const DELTA = { ...CUMULATIVE, temporality: TEMPORALITY_DELTA };

function outcomeOf(point: DecodedPoint, producer = PRODUCER): ReturnType<typeof normalisePoint> {
  return normalisePoint(point, producer, SAMPLED_AT_MICROS);
}

function taken(point: DecodedPoint, producer = PRODUCER): MetricPoint {
  const outcome = outcomeOf(point, producer);
  if (outcome.kind !== "point") throw new Error(`the point is ${outcome.kind}`);
  return outcome.point;
}

function reasonOf(point: DecodedPoint): string {
  const outcome = outcomeOf(point);
  return "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind;
}

describe("what a data point is about", () => {
  test.each([
    ["its metric's name after quotel.level.", pointOf({}, { metric: "quotel.level.seats" }), "seats"],
    ["its metric's name where that is held", pointOf({}, { metric: "storage_bytes" }), "storage_bytes"],
    ["the resource it names", pointOf({ "quotel.resource": "bots" }, { metric: "app.bots.installed" }), "bots"],
  ])("a point is about %s", (_, point, resource) => {
    expect(taken(point)).toMatchObject({ tenantId: "acme", resource, kind: "gauge", value: 7 });
  });

  test("metrics that name no resource are ignored, even when they are called like something consumed", () => {
    expect(reasonOf(pointOf({}, { metric: "http.server.active_requests" }))).toBe("ignored: no_resource");
    expect(reasonOf(pointOf({}, { metric: "tokens" }))).toBe("ignored: no_resource");
  });

  test("what is consumed has no level, but a monotonic sum of it is usage", () => {
    const tokens = { "quotel.resource": "tokens" };
    expect(reasonOf(pointOf(tokens))).toBe("rejected: not_a_level");
    expect(taken(pointOf(tokens, { ...CUMULATIVE, monotonic: true }))).toMatchObject({ kind: "counter" });
  });
});

describe("how a data point is read", () => {
  test("cumulative sums state a part, delta sums a change, and monotonic cumulative ones a running count", () => {
    expect(taken(pointOf({}, CUMULATIVE)).kind).toBe("cumulative");
    expect(taken(pointOf({}, { ...DELTA, value: -3 }))).toMatchObject({ kind: "delta", value: -3 });
    expect(taken(pointOf({}, { ...CUMULATIVE, monotonic: true })).kind).toBe("counter");
  });

  test("a monotonic delta sum is a usage event, the same one whenever it is received", () => {
    const point = pointOf({ "quotel.resource": "bot_runs" }, { ...DELTA, monotonic: true, value: 4 });
    const [now, later] = [0, 30_000_000].map((delay) => normalisePoint(point, PRODUCER, SAMPLED_AT_MICROS + delay));
    expect(now).toEqual(later);
    expect(now).toMatchObject({
      kind: "usage",
      event: {
        tenantId: "acme",
        resource: "bot_runs",
        amount: 4,
        eventType: "usage",
        endedAtMicros: SAMPLED_AT_MICROS,
      },
    });
  });

  test("usage of nobody is unattributed like a span's, a level of nobody is rejected", () => {
    const nobody = { "quotel.tenant.id": "", "quotel.resource": "bot_runs" };
    expect(taken(pointOf(nobody, { ...CUMULATIVE, monotonic: true })).tenantId).toBe("unattributed");
    expect(reasonOf(pointOf(nobody))).toBe("rejected: no_tenant");
  });

  test("I13: a point of a tenant that the key may not speak for is rejected and says whose name was used", () => {
    expect(normalisePoint(pointOf(), { keyId: "k", tenants: ["globex"] }, SAMPLED_AT_MICROS)).toEqual({
      kind: "rejected",
      reason: "foreign_tenant",
      claimedTenant: "acme",
    });
  });

  test("I4: a point of a clock that runs ahead counts at its receipt and keeps its identity", () => {
    const received = SAMPLED_AT_MICROS - 3_600_000_000;
    const outcome = normalisePoint(pointOf(), PRODUCER, received);
    expect(outcome).toMatchObject({
      kind: "point",
      point: { sampledAtMicros: SAMPLED_AT_MICROS, accountedAtMicros: received },
    });
  });

  test.each([
    ["a fraction", { value: 1.5 }, "rejected: not_an_integer"],
    ["NaN", { value: Number.NaN }, "rejected: not_finite"],
    ["infinity", { value: Number.POSITIVE_INFINITY }, "rejected: not_finite"],
    ["more than 2^53", { value: 1e17 }, "rejected: out_of_range"],
    ["a negative gauge", { value: -1 }, "rejected: negative"],
    ["a falling monotonic sum", { ...DELTA, monotonic: true, value: -1 }, "rejected: negative"],
    ["a sum without a temporality", { kind: "sum" as const }, "rejected: no_temporality"],
    ["no time", { timeMicros: 0 }, "rejected: no_time"],
    ["a time past 2255", { timeMicros: 1e16 }, "rejected: invalid_time"],
    ["an end before its start", { startMicros: SAMPLED_AT_MICROS + 1 }, "rejected: ends_before_start"],
    ["no recorded value", { value: null }, "ignored: no_recorded_value"],
    ["a metric name that is no resource", { metric: "quotel.level.No!" }, "rejected: invalid_resource"],
  ])("a point with %s is refused with its reason", (_, fields, reason) => {
    expect(reasonOf(pointOf({}, fields))).toBe(reason);
  });
});

describe("what makes a stream one", () => {
  const instance = { "service.name": "app", "service.instance.id": "1" };
  const streamOf = (point: DecodedPoint, keyId = "key-1"): string => taken(point, { ...PRODUCER, keyId }).stream;
  const base = pointOf({ region: "eu", shard: 1 }, { ...CUMULATIVE, resource: instance });

  test("neither time nor value, the order of attributes nor what a proxy adds to the resource makes another stream", () => {
    expect(
      streamOf(
        pointOf(
          { shard: 1, region: "eu" },
          {
            ...CUMULATIVE,
            startMicros: SAMPLED_AT_MICROS - 5,
            timeMicros: SAMPLED_AT_MICROS + 5,
            value: 8,
            resource: { ...instance, "cloud.region": "x", "host.name": "proxy" },
          },
        ),
      ),
    ).toBe(streamOf(base));
  });

  test.each([
    ["attribute", pointOf({ region: "us", shard: 1 }, { ...CUMULATIVE, resource: instance })],
    [
      "instance",
      pointOf({ region: "eu", shard: 1 }, { ...CUMULATIVE, resource: { ...instance, "service.instance.id": "2" } }),
    ],
    [
      "scope",
      pointOf({ region: "eu", shard: 1 }, { ...CUMULATIVE, resource: instance, scope: { name: "b", version: "" } }),
    ],
    [
      "metric",
      pointOf(
        { region: "eu", shard: 1, "quotel.resource": "members" },
        { ...CUMULATIVE, resource: instance, metric: "m" },
      ),
    ],
  ])("another %s is another stream", (_, point) => {
    expect(streamOf(point)).not.toBe(streamOf(base));
  });

  test("a stream stays itself when the list of tenant attributes changes, and another name for the tenant tells streams apart", () => {
    const of = (unit: string, names: readonly string[]): string => {
      const point = pointOf({ "org.unit": unit }, { ...CUMULATIVE, resource: instance });
      const outcome = normalisePoint(point, PRODUCER, SAMPLED_AT_MICROS, { names, jsonNames: [] });
      return outcome.kind === "point" ? outcome.point.stream : outcome.kind;
    };
    expect(of("a", ["quotel.tenant.id", "org.unit"])).toBe(of("a", ["quotel.tenant.id"]));
    expect(of("a", ["quotel.tenant.id", "org.unit"])).not.toBe(of("b", ["quotel.tenant.id", "org.unit"]));
  });

  test("two keys never share a stream", () => {
    expect(streamOf(base, "key-2")).not.toBe(streamOf(base));
  });

  test("without an instance id, host and process tell instances apart", () => {
    const of = (host: string): string =>
      streamOf(pointOf({}, { ...CUMULATIVE, resource: { "service.name": "app", "host.name": host } }));
    expect(of("a")).not.toBe(of("b"));
  });
});
