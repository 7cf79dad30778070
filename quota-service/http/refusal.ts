import type { ApiError } from "@quotel/conventions";
import type { Answer } from "./answer.ts";

/** One thing wrong with a request: which field, and why. */
export interface FieldProblem {
  /** E.g. `items[1].amount`; empty for the body as a whole. */
  readonly path: string;
  readonly message: string;
}

/** An error answer, decided before anything is sent. */
export interface Refusal {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  readonly details?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What reading a part of a request leads to. */
export type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly refusal: Refusal };

/** A refusal in the shape every error of the API has. */
export function refuse({ status, code, message, details, headers }: Refusal): Answer {
  const body: ApiError = { error: { code, message, ...(details !== undefined && { details }) } };
  return { status, body, ...(headers !== undefined && { headers }) };
}

/** 400: fields that are missing, malformed or unknown. */
export function invalidRequest(problems: readonly FieldProblem[]): Refusal {
  const message = problems.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)).join("; ");
  return { status: 400, code: "INVALID_REQUEST", message, details: problems };
}

/** 404: a tenant nobody has registered, where that is needed or where its data is asked for. */
export function tenantNotFound(tenantId: string): Refusal {
  const message = `Tenant "${tenantId}" is not known; register it with PUT /v1/admin/tenants/${tenantId}`;
  return { status: 404, code: "TENANT_NOT_FOUND", message };
}

/** 503: the database is away and this request cannot be answered without it. */
export const UNAVAILABLE: Refusal = {
  status: 503,
  code: "UNAVAILABLE",
  message: "The database cannot be reached; try again",
  headers: { "retry-after": "1" },
};
