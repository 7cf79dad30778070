import type { TokenUsage } from "../attempt/token-usage.ts";
import type { Fields } from "./fields.ts";

/** What a call to a model counts as (`quotel.event.type`). */
export type ModelEventType = "chat" | "embedding" | "rerank" | "image" | "audio" | "moderation";

/** How one provider's API writes calls and answers. Each format is a file or folder beside this one, listed in `formats.ts`. */
export interface WireFormat {
  /** Recognises what a POST to this URL asks for, under any prefix of the path; null = not this format. Pure. */
  recognise(url: URL): Endpoint | null;
}

/** One operation of a provider's API. */
export interface Endpoint {
  readonly eventType: ModelEventType;
  /** `gen_ai.operation.name` */
  readonly operation: string;
  /** `gen_ai.provider.name`, unless the host tells a better one. */
  readonly provider: string;
  /** The model, where the path names it. */
  readonly model: string | undefined;
  /** False: the path is so common that it counts only on the hosts of known providers and those allowed by name. */
  readonly onAnyHost: boolean;
  /** What the path alone says of a request, where that is all there is to know. */
  readonly unread?: RequestFacts;
  /** Reads the request's JSON object, or the texts of its form; null = it is not what the path promised. */
  readRequest(body: Fields): RequestFacts | null;
  readonly answer: AnswerFormat;
}

/** What the body of a request says about the call. */
export interface RequestFacts {
  readonly model: string | undefined;
  readonly stream: boolean;
  /**
   * The body to send instead, which also asks for the usage of a stream; null where the caller asked for it, or nothing has to
   * be asked. What it brings beyond the caller's wish is hidden by the format's `unasked`.
   */
  readonly askingForUsage: Fields | null;
}

/** The value of a header by its lower-case name; null or undefined: there is none. */
export type HeaderGetter = (name: string) => string | null | undefined;

/** How the answers of an operation are read: one JSON object, or the messages of a stream. */
export interface AnswerFormat {
  /** A streamed message without a match tells nothing new and is not parsed (the first ones always are). */
  readonly matters: RegExp;
  /** Where a streamed message has a piece of output: up to the quote that opens its text. */
  readonly output: RegExp;
  /** The same of an answer that is no stream, where it differs. */
  readonly wholeOutput?: RegExp;
  /** The keys under which usage stands: in a body too large to keep they are looked for in its end. */
  readonly usageKeys: readonly string[];
  read(message: Fields): MessageFacts;
  /** What the headers say, as a message: where usage stands there. */
  readonly readHeaders?: (header: HeaderGetter) => Fields;
  /** Usage as the provider writes it, in quotel's sense; null if it names no count at all. */
  usage(raw: Fields): TokenUsage | null;
  /** What a caller who did not ask for usage gets to see of a message: it, a part of it, or nothing. */
  readonly unasked?: (text: string, message: Fields) => string;
}

/** What one message says. */
export interface MessageFacts {
  /** Usage as written; of several messages each field's last value holds, because providers that repeat it count up. */
  readonly usage: Fields | null;
  /** No message that could change the usage follows. */
  readonly final: boolean;
  readonly model: string | undefined;
  readonly id: string | undefined;
  readonly serviceTier: string | undefined;
  /** An error the provider reports inside the answer. */
  readonly errorType: string | undefined;
}
