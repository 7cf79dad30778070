import type { RequestHandler } from "express";
import type { OpenAI } from "openai";
import { readChat } from "./request.ts";

/**
 * `POST /chat/stream` `{"messages", "max_tokens"?}` -> server-sent events `{"delta"}`, then `[DONE]`. A provider that
 * breaks off in the middle becomes an `error` event, because the status line has long been sent.
 */
export function chatStream(openai: OpenAI, model: string): RequestHandler {
  return async (req, res) => {
    const stream = await openai.chat.completions.create({ model, ...readChat(req), stream: true });
    res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
    try {
      for await (const chunk of stream) {
        if (res.destroyed) break;
        const delta = chunk.choices[0]?.delta.content;
        if (delta) res.write(`data: ${JSON.stringify({ delta })}\n\n`);
      }
      res.end("data: [DONE]\n\n");
    } catch (error) {
      console.error("the provider's stream broke off:", error);
      res.end(`event: error\ndata: ${JSON.stringify({ code: "PROVIDER_CUT" })}\n\n`);
    }
  };
}
