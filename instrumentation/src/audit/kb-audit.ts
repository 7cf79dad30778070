import type { AuditContext, AuditDetails } from "./audit-event.ts";
import { recordAudit } from "./record-audit.ts";

interface KBDocument extends AuditContext {
  readonly documentId: string;
  /** A file's name, a page's title. */
  readonly name?: string;
}

/** What happens to a knowledge base: `kb.*`. The entity is the document, or the site that was crawled. Contents are not recorded. */
export const KBAudit = {
  /** `kb.uploaded`: `KBAudit.uploaded("acme", { documentId: "d1", name: "prices.pdf", bytes: 48_213, chunks: 31 });` */
  uploaded(tenantId: string, document: KBDocument & { readonly bytes?: number; readonly chunks?: number }): void {
    const { documentId, name, bytes, chunks, ...context } = document;
    recordAudit(tenantId, "kb.uploaded", { ...documentOf(documentId), new: { name, bytes, chunks }, ...context });
  },

  /** `kb.upload_failed`: there is no document then, so its id may be unknown. */
  uploadFailed(
    tenantId: string,
    upload: Omit<KBDocument, "documentId"> & { readonly documentId?: string; readonly error: unknown },
  ): void {
    const { documentId, name, error, ...context } = upload;
    recordAudit(tenantId, "kb.upload_failed", { ...documentOf(documentId), new: { name }, error, ...context });
  },

  /** `kb.crawled`: of the address the query is not recorded. */
  crawled(tenantId: string, crawl: AuditContext & { readonly url: string; readonly pages?: number }): void {
    const { url, pages, ...context } = crawl;
    const site = url.split(/[?#]/, 1)[0] ?? "";
    recordAudit(tenantId, "kb.crawled", { entityType: "kb_site", entityId: site, new: { pages }, ...context });
  },

  /** `kb.manual_added`: written by a person. */
  manualAdded(tenantId: string, document: KBDocument): void {
    const { documentId, name, ...context } = document;
    recordAudit(tenantId, "kb.manual_added", { ...documentOf(documentId), new: { name }, ...context });
  },

  /** `kb.deleted` */
  deleted(tenantId: string, document: KBDocument): void {
    const { documentId, name, ...context } = document;
    recordAudit(tenantId, "kb.deleted", { ...documentOf(documentId), old: { name }, ...context });
  },
} as const;

function documentOf(documentId: string | undefined): AuditDetails {
  return { entityType: "kb_document", ...(documentId !== undefined && { entityId: documentId }) };
}
