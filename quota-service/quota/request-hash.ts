import { hash } from "node:crypto";
import type { ReservationItem } from "@quotel/conventions";

/**
 * Hex SHA-256 of what a reserve asks for. Two requests under one id are the same one if and only if these are equal, so
 * the order of items and a spelled-out default make no difference.
 */
export function requestHashOf(request: {
  readonly tenantId: string;
  readonly items: readonly ReservationItem[];
  /** Null for a lease: how long it lives is not asked for. */
  readonly ttlSeconds: number | null;
  readonly onExpiry?: "release" | "keep";
}): string {
  const items = request.items
    .map(({ resource, amount, atLeast }) => [resource, amount, atLeast ?? amount] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash("sha256", JSON.stringify([request.tenantId, request.ttlSeconds, request.onExpiry, items]));
}
