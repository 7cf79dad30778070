import { randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { DecisionItem, ReservationItem } from "@quotel/conventions";
import { expect } from "vitest";
import type { Random } from "../../collector/fuzz/random.ts";
import type { ClientsLedger } from "./clients-ledger.ts";
import type { FinalWord, PersistentCaller } from "./persistent-caller.ts";

/** Work left to itself is forgotten so soon after it was admitted. */
export const ABANDONED_TTL_SECONDS = 1;
/** The ledger's clock and the database's are one machine's; a timer may be late, never early. */
const EXPIRY_SLACK_MS = 20;
const WORK_MS_MAX = 10;
/** How many tokens of a tenant may be used up for good, so that the rest stays fought over. */
const USED_UP_MAX = 6;

/** An id, and the decision that was heard on it. */
export interface Heard {
  readonly tenant: string;
  readonly reservationId: string;
  readonly decisionId: string;
  readonly admitted: boolean;
}

/** What all contenders of a race share. */
export interface Arena {
  readonly caller: PersistentCaller;
  readonly ledger: ClientsLedger;
  readonly tenants: readonly string[];
  readonly limitOf: (resource: string) => number;
  readonly random: Random;
  readonly heard: Heard[];
  /** Expiries to come. */
  readonly expiries: Promise<void>[];
}

/**
 * One connection's life in a race: asks for one or two resources of some tenant at its service, holds what it gets for a
 * moment and then gives it back, uses a little of it up, or forgets it, until `over`. Every answer has to be right by its
 * own figures, and its figures right by what all clients know.
 */
export async function contend(arena: Arena, service: number, over: () => boolean): Promise<void> {
  while (!over()) {
    const tenant = arena.random.pick(arena.tenants);
    const items = askFor(arena.random);
    const isAbandoned = arena.random.chance(0.02);
    const reservationId = randomUUIDv7();
    for (const { resource, amount } of items) arena.ledger.asking(tenant, resource, amount);
    const watches = new Map(items.map((it) => [it.resource, arena.ledger.watch(tenant, it.resource, it.amount)]));
    const ttl = isAbandoned ? { ttlSeconds: ABANDONED_TTL_SECONDS } : {};
    const word = await arena.caller.reserve(service, { tenantId: tenant, reservationId, items, ...ttl });
    arena.heard.push({ tenant, reservationId, decisionId: word.decision.decisionId, admitted: word.admitted });
    for (const item of word.decision.items) watches.get(item.resource)!(item.used + item.reserved);
    expectJustified(items, word);
    const granted = items.map(({ resource }) => ({ resource, amount: grantedOf(word, resource) }));
    items.forEach(({ resource, amount }, n) =>
      arena.ledger.answered(tenant, resource, amount, granted[n]!.amount, arena.limitOf(resource)),
    );
    if (word.admitted) await finish(arena, { service, tenant, reservationId, granted, isAbandoned, word });
    else await sleep(arena.random.fraction() * WORK_MS_MAX);
  }
}

/** Tokens, or tokens and searches that are granted together or not at all; sometimes whatever is left of the tokens. */
function askFor(random: Random): ReservationItem[] {
  const amount = 1 + random.below(5);
  const kind = random.fraction();
  if (kind < 0.2) return [{ resource: "tokens", amount: amount + 3, atLeast: 2 }];
  const tokens = { resource: "tokens", amount };
  return kind < 0.5 ? [tokens, { resource: "searches", amount: 1 + random.below(2) }] : [tokens];
}

/** Neither over- nor under-admission by the answer's own figures (I8): granted is what fits, or nothing did fit. */
function expectJustified(asked: readonly ReservationItem[], { decision, admitted }: FinalWord): void {
  const room = (resource: string): number =>
    Math.min(...decision.items.filter((it) => it.resource === resource).map(roomUnder));
  const fits = asked.every(({ resource, amount, atLeast = amount }) => room(resource) >= atLeast);
  expect({ admitted, items: decision.items }).toEqual({ admitted: fits, items: decision.items });
  for (const { resource, amount } of asked) {
    const expected = fits ? Math.min(amount, room(resource)) : 0;
    for (const it of decision.items.filter((item) => item.resource === resource)) expect(it.granted).toBe(expected);
  }
}

function roomUnder({ limit, used, reserved }: DecisionItem): number {
  return limit === null ? Infinity : limit - used - reserved;
}

function grantedOf({ decision }: FinalWord, resource: string): number {
  return decision.items.find((item) => item.resource === resource)?.granted ?? 0;
}

interface Admitted {
  readonly service: number;
  readonly tenant: string;
  readonly reservationId: string;
  readonly granted: readonly { readonly resource: string; readonly amount: number }[];
  readonly isAbandoned: boolean;
  readonly word: FinalWord;
}

async function finish(arena: Arena, work: Admitted): Promise<void> {
  const { caller, ledger, random } = arena;
  const { service, tenant, reservationId, granted } = work;
  if (work.isAbandoned) return abandon(arena, work);
  await sleep(random.fraction() * WORK_MS_MAX);
  const usesUp = random.chance(0.02) && ledger.useUp(tenant, USED_UP_MAX) ? 1 : 0;
  // The first of what was granted is tokens.
  const back = granted.map(({ resource, amount }, n) => ({ resource, amount: n === 0 ? amount - usesUp : amount }));
  for (const { resource, amount } of back) ledger.givingBack(tenant, resource, amount);
  // The answer to a change may come from any service.
  if (usesUp > 0) await caller.closeNow(service + 1, tenant, reservationId, "tokens", usesUp);
  else await caller.release(service + 1, tenant, reservationId);
  for (const { resource, amount } of back) ledger.free(tenant, resource, amount);
}

/** The client is gone; what it holds is free when its time has run out. */
function abandon({ ledger, expiries }: Arena, { tenant, granted, word }: Admitted): void {
  for (const { resource, amount } of granted) ledger.givingBack(tenant, resource, amount);
  const inMs = Date.parse(word.decision.expiresAt!) - Date.now() + EXPIRY_SLACK_MS;
  expiries.push(
    sleep(Math.max(0, inMs)).then(() => {
      for (const { resource, amount } of granted) ledger.free(tenant, resource, amount);
    }),
  );
}
