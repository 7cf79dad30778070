import type { Load } from "../load/load.ts";
import { HEADERS, TENANT_IDS } from "./subject.ts";

/** An endpoint that decides, and what its requests hold beside tenant and items. */
export interface Endpoint {
  readonly path: string;
  readonly fields: object;
}

const CONNECTIONS = 64;
const ID_PLACEHOLDER = "00000000-0000-7000-8000-000000000000";

/** The two resources that every request asks for. */
export const ASKED = [
  { resource: "tokens", amount: 150 },
  { resource: "chat_messages", amount: 1 },
] as const;

export const CHECK: Endpoint = { path: "/v1/quota/check", fields: {} };
export const RESERVE: Endpoint = {
  path: "/v1/quota/reservations",
  fields: { reservationId: ID_PLACEHOLDER, ttlSeconds: 300 },
};

/** Decisions for the tenants in turn, from 64 connections that always wait for an answer; every reservation is a new one. */
export function decisionLoad(serviceUrl: string, { path, fields }: Endpoint, forMs: number): Load {
  return {
    url: `${serviceUrl}${path}`,
    headers: HEADERS,
    connections: CONNECTIONS,
    bodies: TENANT_IDS.map((tenantId) => Buffer.from(JSON.stringify({ tenantId, ...fields, items: ASKED }))),
    renewed: { placeholder: Buffer.from(ID_PLACEHOLDER), by: "uuid_v7" },
    until: forMs,
  };
}
