import fc from "fast-check";
import { expect, test } from "vitest";
import {
  close,
  earlyReservation,
  expire,
  extend,
  holdOf,
  isLive,
  isOpen,
  settle,
} from "#database/reservations/protocol";
import type { Reservation } from "#database/reservations/protocol";

const EXPIRES_MS = 30_000;
const amount = fc.integer({ min: 0, max: 1_000 });

function open(estimate: number, keptUntilMs: number | null): Reservation {
  const at = { admittedAtMs: 0, dayStartMs: 0, monthStartMs: 0 };
  const base = { ...earlyReservation("acme", "r", at), phase: "open" as const, keptUntilMs };
  return extend(base, [{ resource: "tokens", amount: estimate }], EXPIRES_MS);
}

const held = ({ phase, resources }: Reservation): number => resources.reduce((sum, it) => sum + holdOf(phase, it), 0);

test("a reservation that is kept holds the same after its expiry as before, whatever spans bring, until the time it is kept for has run out", () => {
  fc.assert(
    fc.property(amount, amount, fc.integer({ min: 1, max: 1_000_000 }), (estimate, settled, keptForMs) => {
      const until = EXPIRES_MS + keptForMs;
      const kept = settle(expire(open(estimate, until), EXPIRES_MS), [{ resource: "tokens", amount: settled }]);
      expect(held(kept)).toBe(Math.max(0, estimate - settled));
      expect([isOpen(kept, EXPIRES_MS), isLive(kept, until - 1), isLive(kept, until)]).toEqual([false, true, false]);
      expect(expire(kept, until)).toMatchObject({ phase: "expired", expiresAtMs: null, keptUntilMs: null });
    }),
  );
});

test("a reservation that is not kept holds nothing once its time has run out", () => {
  const ended = expire(open(100, null), EXPIRES_MS);
  expect([ended.phase, held(ended), isLive(ended, EXPIRES_MS)]).toEqual(["expired", 0, false]);
});

test("what is kept can still be closed at the truth, and then waits for its spans like any other", () => {
  const kept = expire(open(100, 90_000), EXPIRES_MS);
  const closed = close(kept, [{ resource: "tokens", amount: 40 }], { closedAtMs: EXPIRES_MS, settleByMs: 500_000 });
  expect(closed).toMatchObject({ phase: "closed", expiresAtMs: 500_000, keptUntilMs: null });
  expect(held(closed)).toBe(40);
});
