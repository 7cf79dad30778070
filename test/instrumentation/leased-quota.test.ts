import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import fc from "fast-check";

import type { QuotaItem } from "@quotel/conventions";
import { LeasedQuota, QuotaClient } from "@quotel/instrumentation";
import type { Admission, LeasedQuotaOptions } from "@quotel/instrumentation";
import { Lease } from "../../instrumentation/src/quota/lease/lease.ts";
import { nextWanted } from "../../instrumentation/src/quota/lease/next-wanted.ts";
import { decision, startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";

let service: ScriptedQuotaService;
let lifeMs = 30_000;
/** What a lease grants of each resource; null: it is refused. */
let grants: number | null = 100;
const opened: LeasedQuota[] = [];

beforeAll(async () => {
  service = await startScriptedQuotaService();
});
beforeEach(() => {
  service.requests.length = 0;
  lifeMs = 30_000;
  grants = 100;
  service.script = ({ method, path, body }) => {
    if (method !== "POST" || !path.endsWith("/leases")) return null;
    if (grants === null) return { status: 409, body: { error: { code: "LEASE_REFUSED", message: "reserve singly" } } };
    const made = decision(body, true);
    const expiresAt = new Date(Date.parse(made.asOf) + lifeMs).toISOString();
    const items = made.items.map((item) => ({ ...item, granted: Math.min(item.requested, grants ?? 0) }));
    return { status: 201, body: { ...made, expiresAt, items } };
  };
});
afterEach(() => Promise.all(opened.splice(0).map((quota) => quota.close())));
afterAll(() => service.close());

const tokens = (amount: number): readonly QuotaItem[] => [{ resource: "tokens", amount }];
const posts = (path: string) => service.requests.filter((one) => one.method === "POST" && one.path.endsWith(path));

function leased(options: LeasedQuotaOptions = {}, failMode: "open" | "closed" = "open"): LeasedQuota {
  const client = new QuotaClient({ url: service.url, serviceKey: "k", timeoutMs: 500, failMode }, {});
  const quota = new LeasedQuota({ client, ...options });
  opened.push(quota);
  return quota;
}

/** A leased quota that has its first lease: of 80 tokens, eight times what was asked for. */
async function withLease(options: LeasedQuotaOptions = {}): Promise<{ quota: LeasedQuota; first: Admission }> {
  const quota = leased(options);
  expect(quota.take("acme", tokens(10))).toBeUndefined();
  await expect.poll(() => posts("/leases").length).toBe(1);
  let first: Admission | undefined;
  await expect.poll(() => (first ??= quota.take("acme", tokens(10)))).toBeDefined();
  return { quota, first: first! };
}

test("work under a lease is admitted without a request, up to what was granted", async () => {
  const { quota, first } = await withLease();
  grants = null;
  for (let taken = 20; taken <= 80; taken += 10) {
    expect(quota.take("acme", tokens(10))).toMatchObject({ allowed: true, reservationId: first.reservationId });
  }
  expect(quota.take("acme", tokens(1))).toBeUndefined();
  expect(posts("/reservations")).toEqual([]);
});

test("a lease is renewed in the background before it is used up, and larger if it went fast", async () => {
  const { quota, first } = await withLease();
  grants = 1_000;
  for (let taken = 20; taken <= 70; taken += 10) quota.take("acme", tokens(10));
  await expect.poll(() => posts("/leases").length).toBe(2);
  expect(posts("/leases")[1]!.body.items).toEqual([{ resource: "tokens", amount: 160 }]);
  await expect.poll(() => quota.take("acme", tokens(20))?.reservationId).not.toBe(undefined);
  expect(quota.take("acme", tokens(10))!.reservationId).not.toBe(first.reservationId);
});

test("a lease is closed once it has been ended and its last work has, at what the work really used", async () => {
  const { quota, first } = await withLease();
  const second = quota.take("acme", tokens(10))!;
  first.settle(tokens(7));
  first.settle(tokens(7));
  await quota.close();
  expect(service.of("PATCH")).toEqual([]);
  second.settle([...tokens(30), { resource: "embeddings", amount: 1 }]);
  const [close] = await service.waitFor("PATCH", 1);
  expect(close).toMatchObject({
    path: `/v1/quota/reservations/${first.reservationId}`,
    body: { action: "close", settle: "spans", items: [...tokens(37), { resource: "embeddings", amount: 1 }] },
  });
});

test("a lease that nobody needs is given back, and nothing is leased instead", async () => {
  const { first } = await withLease({ idleMs: 500 });
  first.settle(tokens(3));
  const [close] = await service.waitFor("PATCH", 1);
  expect(close!.body.items).toEqual(tokens(3));
  expect(posts("/leases").length).toBe(1);
});

test("a lease is not spent beyond four fifths of its life", async () => {
  lifeMs = 250;
  const { quota, first } = await withLease();
  grants = null;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(quota.take("acme", tokens(1))).toBeUndefined();
  first.settle(tokens(1));
  await service.waitFor("PATCH", 1);
});

test("what no lease covers is reserved singly and closed when it is settled", async () => {
  grants = null;
  const quota = leased({ settle: "now" });
  const outcome = await quota.admit("acme", tokens(10));
  expect(outcome).toMatchObject({ kind: "admitted", decision: { allowed: true } });
  if (outcome.kind === "admitted") outcome.admission.settle(tokens(4));
  const [close] = await service.waitFor("PATCH", 1);
  expect(close!.body).toMatchObject({ settle: "now", items: tokens(4) });
  await quota.admit("acme", tokens(10));
  expect(posts("/leases").length).toBe(1);
  expect(quota.counters).toEqual({ underLease: 0, singly: 2 });
});

test("a denial that only the client's own lease may have caused gives it back and asks once more", async () => {
  const { quota, first } = await withLease();
  first.settle(tokens(2));
  const scripted = service.script;
  service.script = (request) => {
    const isSingle = request.path.endsWith("/reservations");
    const denied = isSingle && service.of("PATCH").length === 0;
    return denied ? { status: 429, body: decision(request.body, false) } : scripted(request);
  };
  expect(await quota.admit("acme", tokens(500))).toMatchObject({ kind: "admitted" });
  expect(service.of("PATCH")[0]!.body.items).toEqual(tokens(2));
  expect(posts("/reservations").length).toBe(2);
});

test("a lease request that gets no answer is released, and the client's fail mode decides each request", async () => {
  service.script = ({ method }) => (method === "POST" ? { status: 503 } : null);
  const open = leased();
  expect(await open.admit("acme", tokens(1))).toMatchObject({ kind: "admitted", decision: { mode: "fail_open" } });
  const closed = leased({}, "closed");
  expect(await closed.admit("acme", tokens(1))).toMatchObject({ kind: "denied", decision: { mode: "fail_closed" } });
  const ids = posts("/leases").map(({ body }) => String(body["reservationId"]));
  const released = (await service.waitFor("DELETE", 3)).map(({ path }) => path);
  for (const id of ids) expect(released.some((path) => path.includes(id))).toBe(true);
});

test("a grant too small for the work at hand is given back at once", async () => {
  grants = 5;
  const quota = leased();
  quota.take("acme", tokens(10));
  await service.waitFor("PATCH", 1);
  expect(quota.take("acme", tokens(1))).toBeUndefined();
});

test("no more leases are held at once than allowed, and a closed quota leases nothing", async () => {
  const { quota } = await withLease({ leasesMax: 1 });
  expect(quota.take("globex", tokens(1))).toBeUndefined();
  await quota.close();
  expect(quota.take("acme", tokens(1))).toBeUndefined();
  expect(posts("/leases").length).toBe(1);
});

test("a lease never gives out more than it was granted, whatever is asked for, and is closed at the sum of what was settled", () => {
  const ask = fc.array(
    fc.record({
      resource: fc.constantFrom("tokens", "searches", "cost"),
      amount: fc.oneof(fc.integer({ min: -5, max: 60 }), fc.double()),
    }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 30, size: "max" }), (asks) => {
      const closed: (readonly [string, number])[][] = [];
      const granted = [
        { resource: "tokens", amount: 100 },
        { resource: "searches", amount: 40 },
      ];
      const terms = { reservationId: "r", granted, askedAtMs: 0, lifeMs: 1_000 };
      const lease = new Lease(terms, async (used) => void closed.push([...used]));
      const taken = new Map<string, number>();
      const works: [Admission, readonly QuotaItem[]][] = [];
      for (const items of asks) {
        const work = lease.take(items, 0);
        if (work === undefined) continue;
        works.push([work, items]);
        for (const { resource, amount } of items) taken.set(resource, (taken.get(resource) ?? 0) + amount);
      }
      for (const { resource, amount } of granted) {
        expect(taken.get(resource) ?? 0).toBeLessThanOrEqual(amount);
        expect(lease.spending(resource).spent).toBe(taken.get(resource) ?? 0);
      }
      void lease.end();
      for (const [work, items] of works) work.settle(items);
      expect(closed).toEqual([[...taken]]);
    }),
  );
});

test("the next lease is larger when this one would not have lasted and smaller when most of it was left", () => {
  const spending = { granted: 1_000, ask: 1 };
  expect(nextWanted({ ...spending, spent: 750, lifeShare: 0.1 })).toBe(2_000);
  expect(nextWanted({ ...spending, spent: 500, lifeShare: 0.7 })).toBe(1_000);
  expect(nextWanted({ ...spending, spent: 10, lifeShare: 0.7 })).toBe(500);
  expect(nextWanted({ granted: 10, ask: 100, spent: 0, lifeShare: 1 })).toBe(800);
});
