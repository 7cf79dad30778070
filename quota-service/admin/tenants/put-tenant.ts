import type { ClientBase, Pool } from "pg";
import { auditEventOfChange } from "#database/audit/administrative-change";
import type { Actor, AdministrativeChange } from "#database/audit/administrative-change";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import type { JsonValue } from "#database/audit/audit-event";
import { readClock } from "#database/periods/read-clock";
import { planVersionInForce } from "#database/plans/plan-version";
import { lockTenants } from "#database/tenants/read-tenants";
import type { LicenceStatus } from "#database/tenants/read-tenants";
import { inTransaction } from "#database/transaction";
import { insertTenant } from "./insert-tenant.ts";
import { readRegisteredTenant } from "./read-registered-tenant.ts";
import type { RegisteredTenant } from "./read-registered-tenant.ts";
import { calendarAt, calendarChange } from "./tenant-calendar.ts";
import { updateTenant } from "./update-tenant.ts";
import { writeCalendar } from "./write-calendar.ts";

export const LICENCE_STATUSES = ["active", "trialing", "past_due", "suspended", "cancelled", "expired"] as const;

/** What to set. What is undefined keeps what is set; a new tenant begins active, without an end, in UTC from day 1. */
export interface TenantSetting {
  readonly plan: string;
  readonly licenceStatus?: LicenceStatus | undefined;
  /** Unix milliseconds; null = the licence does not end. */
  readonly licenceExpiresAt?: number | null | undefined;
  readonly zone?: string | undefined;
  readonly anchorDay?: number | undefined;
}

/**
 * Registers a tenant, or changes its terms; null where no such plan exists. Under the tenant's lock, so a decision sees
 * the old terms or the new ones; what was used and held stays. The change and its audit event commit together, and a
 * repetition makes neither.
 */
export async function putTenant(
  pool: Pool,
  tenantId: string,
  setting: TenantSetting,
  actor: Actor,
): Promise<RegisteredTenant | null> {
  return inTransaction(pool, async (client) => {
    if ((await planVersionInForce(client, setting.plan)) === null) return null;
    const isNew = await insertTenant(client, tenantId, setting.plan);
    const tenant = (await lockTenants(client, [tenantId], true)).get(tenantId)!;
    const [before, nowMs] = await Promise.all([readRegisteredTenant(client, tenantId), readClock(client)]);
    await writeTerms(client, before!, setting);
    const { current, next } = calendarAt(tenant.calendar, nowMs);
    const { zone, anchorDay } = next ?? current;
    const wanted = { zone: setting.zone ?? zone, anchorDay: setting.anchorDay ?? anchorDay };
    const version = calendarChange(tenant.calendar, wanted, { nowMs, isNew });
    if (version !== null) await writeCalendar(client, tenantId, version);
    const after = (await readRegisteredTenant(client, tenantId))!;
    const change = changeOf(isNew ? null : before, after);
    if (change !== null) await appendAuditEvents(client, [auditEventOfChange(change, actor, nowMs)]);
    return after;
  });
}

async function writeTerms(client: ClientBase, before: RegisteredTenant, setting: TenantSetting): Promise<void> {
  const { licenceExpiresAt } = before;
  const expiresBefore = licenceExpiresAt === null ? null : Date.parse(licenceExpiresAt);
  const terms = {
    plan: setting.plan,
    licenceStatus: setting.licenceStatus ?? before.licenceStatus,
    licenceExpiresAtMs: setting.licenceExpiresAt === undefined ? expiresBefore : setting.licenceExpiresAt,
  };
  const isSame =
    terms.plan === before.plan &&
    before.planSource === "assigned" &&
    terms.licenceStatus === before.licenceStatus &&
    terms.licenceExpiresAtMs === expiresBefore;
  if (!isSame) await updateTenant(client, before.tenantId, terms);
}

/** What the audit trail keeps of a change; null where nothing has changed. */
function changeOf(before: RegisteredTenant | null, after: RegisteredTenant): AdministrativeChange | null {
  const old = before === null ? null : recorded(before);
  const next = recorded(after);
  if (JSON.stringify(old) === JSON.stringify(next)) return null;
  const { tenantId } = after;
  const summary = before === null ? `registered on plan ${after.plan}` : summaryOf(before, after);
  const action = before === null ? "created" : "changed";
  return { tenantId, entityType: "tenant", entityId: tenantId, action, old, new: next, summary };
}

function summaryOf(before: RegisteredTenant, after: RegisteredTenant): string {
  if (before.plan !== after.plan) return `plan ${before.plan} became ${after.plan}`;
  if (before.licenceStatus !== after.licenceStatus) {
    return `licence ${before.licenceStatus} became ${after.licenceStatus}`;
  }
  return `terms of plan ${after.plan} changed`;
}

function recorded({ tenantId: _t, createdAt: _c, updatedAt: _u, ...terms }: RegisteredTenant): JsonValue {
  return terms;
}
