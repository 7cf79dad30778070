import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { afterAll } from "vitest";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import type { AppendCounts } from "#database/audit/append-audit-events";
import type { AuditEvent } from "#database/audit/audit-event";
import { createPool } from "#database/pool";
import { inTransaction } from "#database/transaction";
import { createTestDatabase } from "../test-database.ts";
import { auditEventOf } from "./audit-event-of.ts";

/** A chain of its own for each test: audit events cannot be deleted between them. */
export function newTenant(): string {
  return `tenant-${randomUUID()}`;
}

export function append(pool: Pool, events: readonly AuditEvent[]): Promise<AppendCounts> {
  return inTransaction(pool, (client) => appendAuditEvents(client, events));
}

export interface AuditDatabase {
  readonly writer: Pool;
  readonly admin: Pool;
  readonly owner: Pool;
  readonly tenant: Pool;
  readonly reader: Pool;
  /** What the chain's verification finds: nothing, or where it is broken and how. */
  readonly broken: (tenantId: string) => Promise<{ seq: number; problem: string } | undefined>;
  /** Runs a statement as a superuser who has switched the triggers off. */
  readonly tamper: (statement: string, values: readonly unknown[]) => Promise<void>;
  /** A new tenant with a chain of `event-0`, `event-1`, ... */
  readonly chainOf: (length: number) => Promise<string>;
  /** In chain order. */
  readonly eventIds: (tenantId: string) => Promise<string[]>;
}

/** A database with a pool for every role; gone after the file. */
export async function auditDatabase(version: 15 | 18): Promise<AuditDatabase> {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const pools = [database.writerUrl, database.adminUrl, database.ownerUrl, database.tenantUrl, database.readerUrl].map(
    (connectionString) => createPool({ connectionString, applicationName: "audit" }),
  );
  const [writer, admin, owner, tenant, reader] = pools as [Pool, Pool, Pool, Pool, Pool];
  afterAll(() => Promise.all(pools.map((pool) => pool.end())));

  return {
    writer,
    admin,
    owner,
    tenant,
    reader,
    async broken(tenantId) {
      const { rows } = await writer.query<{ seq: number; problem: string }>(
        "select * from quotel.verify_audit_chain($1)",
        [tenantId],
      );
      return rows[0];
    },
    tamper(statement, values) {
      return inTransaction(admin, async (client) => {
        await client.query("set local session_replication_role = replica");
        await client.query(statement, [...values]);
      });
    },
    async chainOf(length) {
      const tenantId = newTenant();
      await append(
        writer,
        Array.from({ length }, (_, i) => auditEventOf(`event-${i}`, { tenantId })),
      );
      return tenantId;
    },
    async eventIds(tenantId) {
      const { rows } = await admin.query<{ id: string }>(
        "select id from public.audit_events where tenant_id = $1 order by seq",
        [tenantId],
      );
      return rows.map((row) => row.id);
    },
  };
}
