import type { ReservationDecision, ReservationPatch } from "@quotel/conventions";
import { expect } from "vitest";
import { KEYS } from "../processes/rooms.ts";

export interface Reserved {
  readonly reservationId: string;
  readonly admitted: boolean;
  readonly decision: ReservationDecision;
}

/** Asks for a reservation. Every denial has to be right by its own figures, and every decision the database's. */
export async function reserve(url: string, tenantId: string, reservationId: string, amount: number): Promise<Reserved> {
  const body = { tenantId, reservationId, resource: "tokens", amount };
  const response = await call(url, "POST", "/v1/quota/reservations", body);
  const decision = (await response.json()) as ReservationDecision;
  expect([201, 429]).toContain(response.status);
  expect(decision.mode).toBe("strict");
  const admitted = response.status === 201;
  expect(decision.allowed).toBe(admitted);
  if (!admitted) expect(decision.items.some((it) => it.remaining !== null && it.remaining < amount)).toBe(true);
  return { reservationId, admitted, decision };
}

/** Closes at the true amount; never denied. */
export async function close(
  url: string,
  tenantId: string,
  reservationId: string,
  amount: number,
  settle: "spans" | "now" = "spans",
): Promise<void> {
  const change: ReservationPatch = { action: "close", items: [{ resource: "tokens", amount }], settle };
  expect(await patch(url, tenantId, reservationId, change)).toBe(200);
}

/** Asks for `amount` more; whether it was granted. */
export async function extend(url: string, tenantId: string, reservationId: string, amount: number): Promise<boolean> {
  const change: ReservationPatch = { action: "extend", items: [{ resource: "tokens", amount }] };
  const status = await patch(url, tenantId, reservationId, change);
  expect([200, 429]).toContain(status);
  return status === 200;
}

/** Says that the work did not happen. */
export async function release(url: string, tenantId: string, reservationId: string): Promise<void> {
  const response = await call(url, "DELETE", `/v1/quota/reservations/${reservationId}`, { tenantId });
  await response.arrayBuffer();
  expect(response.status).toBe(204);
}

async function patch(url: string, tenantId: string, reservationId: string, change: ReservationPatch): Promise<number> {
  const response = await call(url, "PATCH", `/v1/quota/reservations/${reservationId}`, { tenantId, ...change });
  await response.arrayBuffer();
  return response.status;
}

function call(url: string, method: string, path: string, body: object): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEYS.service}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
