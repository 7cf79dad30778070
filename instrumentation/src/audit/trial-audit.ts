import type { AuditContext } from "./audit-event.ts";
import { recordAudit } from "./record-audit.ts";

/** What happens to a trial: `trial.*`. The entity is the tenant's trial. */
export const TrialAudit = {
  /** `trial.created`: `TrialAudit.created("acme", { plan: "trial", expiresAt });` */
  created(tenantId: string, trial: AuditContext & { readonly plan: string; readonly expiresAt?: Date }): void {
    const { plan, expiresAt, ...context } = trial;
    recordAudit(tenantId, "trial.created", { ...trialOf(tenantId), new: { plan, expiresAt }, ...context });
  },

  /** `trial.upgraded`: to a plan that is paid for. */
  upgraded(tenantId: string, trial: AuditContext & { readonly fromPlan: string; readonly toPlan: string }): void {
    const { fromPlan, toPlan, ...context } = trial;
    recordAudit(tenantId, "trial.upgraded", {
      ...trialOf(tenantId),
      old: { plan: fromPlan },
      new: { plan: toPlan },
      ...context,
    });
  },

  /** `trial.extended`: ends later than it did. */
  extended(tenantId: string, trial: AuditContext & { readonly expiredAt?: Date; readonly expiresAt: Date }): void {
    const { expiredAt, expiresAt, ...context } = trial;
    recordAudit(tenantId, "trial.extended", {
      ...trialOf(tenantId),
      old: { expiresAt: expiredAt },
      new: { expiresAt },
      ...context,
    });
  },

  /** `trial.expired`: ran out. */
  expired(tenantId: string, trial: AuditContext & { readonly plan: string; readonly expiredAt?: Date }): void {
    const { plan, expiredAt, ...context } = trial;
    recordAudit(tenantId, "trial.expired", { ...trialOf(tenantId), old: { plan, expiresAt: expiredAt }, ...context });
  },

  /** `trial.cancelled`: ended before its time. */
  cancelled(tenantId: string, trial: AuditContext & { readonly plan: string; readonly reason?: string }): void {
    const { plan, reason, ...context } = trial;
    recordAudit(tenantId, "trial.cancelled", { ...trialOf(tenantId), old: { plan }, new: { reason }, ...context });
  },
} as const;

function trialOf(tenantId: string): { entityType: string; entityId: string } {
  return { entityType: "trial", entityId: tenantId };
}
