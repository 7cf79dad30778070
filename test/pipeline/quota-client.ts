import type { QuotaItem, ReservationDecision, ReservationPatch, ReservationState } from "@quotel/conventions";
import { expect } from "vitest";
import { KEYS } from "./rooms.ts";

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

/** Closes or extends; resolves with the status and what is held now. */
export async function patch(
  url: string,
  tenantId: string,
  reservationId: string,
  change: ReservationPatch,
): Promise<{ readonly status: number; readonly state: ReservationState }> {
  const response = await call(url, "PATCH", `/v1/quota/reservations/${reservationId}`, { tenantId, ...change });
  return { status: response.status, state: (await response.json()) as ReservationState };
}

export async function close(
  url: string,
  tenantId: string,
  reservationId: string,
  amount: number,
  settle: "spans" | "now" = "spans",
): Promise<void> {
  const items: readonly QuotaItem[] = [{ resource: "tokens", amount }];
  expect((await patch(url, tenantId, reservationId, { action: "close", items, settle })).status).toBe(200);
}

export async function release(url: string, tenantId: string, reservationId: string): Promise<void> {
  const response = await call(url, "DELETE", `/v1/quota/reservations/${reservationId}`, { tenantId });
  await response.arrayBuffer();
  expect(response.status).toBe(204);
}

function call(url: string, method: string, path: string, body: object): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEYS.service}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
