import type { Request } from "express";
import type { OpenAI } from "openai";

const MAX_TOKENS_DEFAULT = 256;

/** The caller's mistake, answered with 400. */
export class BadRequest extends Error {}

/** What a caller of `/chat` and `/chat/stream` sends; the model and the tenant are not its to choose. */
export interface ChatInput {
  readonly user: string;
  readonly messages: OpenAI.ChatCompletionMessageParam[];
  readonly max_tokens: number;
}

/** Reads a chat request. Throws `BadRequest`, naming the field. */
export function readChat(req: Request): ChatInput {
  const { messages, max_tokens: maxTokens = MAX_TOKENS_DEFAULT } = bodyOf(req);
  if (!Array.isArray(messages) || messages.length === 0) throw new BadRequest("messages: expected a list of messages");
  if (typeof maxTokens !== "number" || !Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new BadRequest("max_tokens: expected a positive integer");
  }
  return { user: tenantOf(req), messages: messages as OpenAI.ChatCompletionMessageParam[], max_tokens: maxTokens };
}

/** Reads an embedding request. Throws `BadRequest`, naming the field. */
export function readEmbed(req: Request): { readonly user: string; readonly input: string } {
  const { input } = bodyOf(req);
  if (typeof input !== "string" || input === "") throw new BadRequest("input: expected a text");
  return { user: tenantOf(req), input };
}

function tenantOf(req: Request): string {
  const tenant = req.header("x-tenant-id");
  if (tenant === undefined) throw new BadRequest("x-tenant-id: missing header");
  return tenant;
}

function bodyOf(req: Request): Record<string, unknown> {
  const body: unknown = req.body;
  return typeof body === "object" && body !== null ? { ...body } : {};
}
