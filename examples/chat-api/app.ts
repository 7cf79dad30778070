import { enforceQuota } from "@quotel/instrumentation/express";
import express, { type Express } from "express";
import type { OpenAI } from "openai";
import { answerErrors } from "./routes/errors.ts";
import { chat } from "./routes/chat.ts";
import { chatStream } from "./routes/chat-stream.ts";
import { embed } from "./routes/embed.ts";

export interface AppOptions {
  readonly openai: OpenAI;
  readonly chatModel: string;
  readonly embeddingModel: string;
}

/**
 * A chat app for many tenants: `POST /chat`, `POST /chat/stream`, `POST /embed`, each for the tenant that its gateway
 * names in `x-tenant-id`. The middleware line is all it knows of quotel; metering needs no line at all.
 */
export function createApp({ openai, chatModel, embeddingModel }: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json());
  app.use(["/chat", "/embed"], enforceQuota());
  app.post("/chat", chat(openai, chatModel));
  app.post("/chat/stream", chatStream(openai, chatModel));
  app.post("/embed", embed(openai, embeddingModel));
  app.use(answerErrors);
  return app;
}
