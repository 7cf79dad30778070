import type { AuditContext } from "./audit-event.ts";
import { recordAudit } from "./record-audit.ts";

interface ChatSession extends AuditContext {
  readonly sessionId: string;
}

/** What happens in a chat: `chat.*`. The entity is the session. What was said is not recorded. */
export const ChatAudit = {
  /** `chat.session_created`, by a visitor unless `actor` says otherwise. */
  sessionCreated(tenantId: string, session: ChatSession & { readonly visitorId?: string }): void {
    const { sessionId, visitorId, ...context } = session;
    const actor = { type: "visitor", ...(visitorId !== undefined && { id: visitorId }) } as const;
    recordAudit(tenantId, "chat.session_created", { ...sessionOf(sessionId), actor, ...context });
  },

  /** `chat.message_received`, by a visitor unless `actor` says otherwise. */
  messageReceived(
    tenantId: string,
    message: ChatSession & { readonly messageId?: string; readonly characters?: number },
  ): void {
    const { sessionId, messageId, characters, ...context } = message;
    recordAudit(tenantId, "chat.message_received", {
      ...sessionOf(sessionId),
      actor: { type: "visitor" },
      new: { messageId, characters },
      ...context,
    });
  },

  /** `chat.response_sent`, by the system: `ChatAudit.responseSent("acme", { sessionId, tokens: 812, responseTimeMs: 930 });` */
  responseSent(
    tenantId: string,
    response: ChatSession & {
      readonly messageId?: string;
      readonly tokens?: number;
      readonly responseTimeMs?: number;
    },
  ): void {
    const { sessionId, messageId, tokens, responseTimeMs, ...context } = response;
    recordAudit(tenantId, "chat.response_sent", {
      ...sessionOf(sessionId),
      actor: { type: "system" },
      new: { messageId, tokens, responseTimeMs },
      ...context,
    });
  },

  /** `chat.session_ended` */
  sessionEnded(
    tenantId: string,
    session: ChatSession & { readonly messages?: number; readonly durationMs?: number },
  ): void {
    const { sessionId, messages, durationMs, ...context } = session;
    recordAudit(tenantId, "chat.session_ended", { ...sessionOf(sessionId), new: { messages, durationMs }, ...context });
  },
} as const;

function sessionOf(sessionId: string): { entityType: string; entityId: string } {
  return { entityType: "chat_session", entityId: sessionId };
}
