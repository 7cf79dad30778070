import type { AuditContext } from "./audit-event.ts";
import { recordAudit } from "./record-audit.ts";

/** What is changed of a tenant's configuration: `config.*`. */
export const ConfigAudit = {
  /** `config.branding_updated`: `ConfigAudit.brandingUpdated("acme", { old: { color: "red" }, new: { color: "blue" } });` */
  brandingUpdated(tenantId: string, branding: AuditContext & { readonly old?: unknown; readonly new: unknown }): void {
    recordAudit(tenantId, "config.branding_updated", { entityType: "branding", entityId: tenantId, ...branding });
  },

  /** `config.tools_assigned`: what an agent may use, before and now. */
  toolsAssigned(
    tenantId: string,
    assignment: AuditContext & {
      readonly agentId: string;
      readonly old?: readonly string[];
      readonly new: readonly string[];
    },
  ): void {
    const { agentId, ...details } = assignment;
    recordAudit(tenantId, "config.tools_assigned", { entityType: "agent", entityId: agentId, ...details });
  },

  /** `config.widget_generated` */
  widgetGenerated(
    tenantId: string,
    widget: AuditContext & { readonly widgetId: string; readonly new?: unknown },
  ): void {
    const { widgetId, ...details } = widget;
    recordAudit(tenantId, "config.widget_generated", { entityType: "widget", entityId: widgetId, ...details });
  },
} as const;
