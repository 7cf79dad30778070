import type { RequestHandler } from "express";
import type { OpenAI } from "openai";
import { readChat } from "./request.ts";

/** `POST /chat` `{"messages", "max_tokens"?}` -> `{"answer"}`. */
export function chat(openai: OpenAI, model: string): RequestHandler {
  return async (req, res) => {
    const completion = await openai.chat.completions.create({ model, ...readChat(req) });
    res.json({ answer: completion.choices[0]?.message.content ?? "" });
  };
}
