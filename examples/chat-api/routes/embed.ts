import type { RequestHandler } from "express";
import type { OpenAI } from "openai";
import { readEmbed } from "./request.ts";

/** `POST /embed` `{"input"}` -> `{"dimensions", "embedding"}`. */
export function embed(openai: OpenAI, model: string): RequestHandler {
  return async (req, res) => {
    const { data } = await openai.embeddings.create({ model, ...readEmbed(req) });
    const embedding = data[0]?.embedding ?? [];
    res.json({ dimensions: embedding.length, embedding });
  };
}
