import { expect, test } from "vitest";
import { JsonTraceDecoder } from "../../../collector/decode/json/traces.ts";
import { heartbeatOf } from "../../../collector/normalise/heartbeat.ts";
import type { ToldCounters } from "../../../collector/normalise/heartbeat.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import { spanKeys } from "../../../collector/normalise/usage/attribute-names.ts";
import { encodeHeartbeat } from "../../../instrumentation/src/metering/encode/encode-heartbeat.ts";
import { encodeRequest } from "../../../instrumentation/src/metering/encode/encode-request.ts";

const decoder = new JsonTraceDecoder(spanKeys(DEFAULT_TENANT_ATTRIBUTES));

function read(counters: Readonly<Record<string, number>>, serviceName = "app"): ToldCounters | null {
  const ids = { traceId: "cd".repeat(16), spanId: "ef".repeat(8), bootId: "boot", seq: 3 };
  const heartbeat = encodeHeartbeat(counters, ids, Date.now() * 1000);
  const [span] = decoder.decode(Buffer.from(encodeRequest("traces", { serviceName, scopeVersion: "1" }, [heartbeat])));
  return heartbeatOf(span!);
}

test("the counters that our instrumentation tells are read, by the names that conventions give them", () => {
  expect(read({ recorded: 7, failOpen: 2, failClosed: 0, tenantsRefused: 1 })).toEqual({
    service: "app",
    counters: { recorded: 7, fail_open: 2, fail_closed: 0, tenants_refused: 1 },
  });
});

test("a counter that is no count, or unknown, is left out, and without any a span is no heartbeat", () => {
  expect(read({ recorded: 7, dropped: -1, retries: 0.5, waiting: 1e15, mood: 3 })?.counters).toEqual({ recorded: 7 });
  expect(read({ mood: 3 })).toBeNull();
});

test("a heartbeat's service is stored as a label, and none where the sender has no name", () => {
  expect(read({ recorded: 1 }, `a\0${"b".repeat(400)}`)?.service).toHaveLength(256);
  expect(read({ recorded: 1 }, "")?.service).toBeNull();
});
