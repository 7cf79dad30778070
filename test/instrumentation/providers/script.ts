import type { OutgoingHttpHeaders } from "node:http";

const BEHAVIOURS = [
  "normal",
  /** 500 to the first of several equal requests, then normal. */
  "fails_once",
  "overloaded",
  /** Never answers. */
  "silent",
  "cut_before_usage",
  "cut_after_usage",
  "cut_json",
  /** Streams some deltas, or nothing, then never ends. */
  "hangs",
  /** Streams some deltas, and the others two seconds later: whoever leaves after the first ones leaves in the midst of it. */
  "pauses",
  "error_in_stream",
  /** OpenAI format only. */
  "usage_in_every_chunk",
  "groq_usage",
  "rejects_stream_options",
  "tells_no_usage",
  /** Asks for the first of the request's tools, until messages bring two results. */
  "calls_a_tool",
] as const;

/** How the provider behaves. The request's `user` names it, or its model: `hangs`, `fails_once.17`. */
export type Behaviour = (typeof BEHAVIOURS)[number];

/** A response of `node:http` or `node:http2`. */
interface Answer {
  writeHead(status: number, headers: OutgoingHttpHeaders): Answer;
  write(chunk: string | Uint8Array, sent?: () => void): boolean;
  end(chunk?: string | Uint8Array): unknown;
}

/** A request as it arrived, and what to make of it. */
export interface ScriptedCall {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly behaviour: Behaviour;
  readonly res: Answer;
  /** Whether the caller has closed the connection. */
  readonly isGone: () => boolean;
  /** Cuts the connection. */
  readonly cut: () => unknown;
  /** Enters tokens into the ledger; called where they go onto the wire. */
  report(inputTokens: number, outputTokens: number): void;
}

/** One provider's API, scripted. */
export interface ScriptedApi {
  /** Of the paths it serves. */
  readonly path: RegExp;
  readonly contentType: string;
  error(message: string, type: string): object;
  answer(call: ScriptedCall): Promise<void> | void;
}

/** The words of every scripted answer; each goes out as one streamed delta and counts as one token. */
export const WORDS = ["Grüße", " an", " alle", ' "usage":', " 🎉 ", "null"];
export const INPUT_TOKENS = 11;

/** The first of the given names that is a behaviour. */
export function behaviourOf(...names: readonly unknown[]): Behaviour {
  const wanted = names.map((name) => (typeof name === "string" ? name.split(".")[0] : ""));
  return BEHAVIOURS.find((behaviour) => wanted.includes(behaviour)) ?? "normal";
}

export function json(res: Answer, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json", "x-request-id": "req_1" }).end(JSON.stringify(body));
}

/** Starts a stream of server-sent events; the function it returns sends one and waits until it has left. */
export function eventStream(res: Answer): (data: object, event?: string) => Promise<void> {
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_1" });
  return (data, event) => {
    const name = event === undefined ? "" : `event: ${event}\n`;
    return new Promise((resolve) => res.write(`${name}data: ${JSON.stringify(data)}\n\n`, () => resolve()));
  };
}

/**
 * Sends the words one by one and keeps to the script: false = the stream has ended, or never will, and nothing follows.
 */
export async function sendWords(
  call: ScriptedCall,
  send: (word: string, index: number) => Promise<void>,
  sendError: () => Promise<void>,
): Promise<boolean> {
  for (const [index, word] of WORDS.entries()) {
    await send(word, index);
    await pause(call.behaviour === "pauses" && index === 3 ? 2_000 : 2);
    if (call.behaviour === "cut_before_usage" && index === 3) {
      call.cut();
      return false;
    }
    if (call.behaviour === "error_in_stream" && index === 3) {
      await sendError();
      call.res.end();
      return false;
    }
  }
  return call.behaviour !== "hangs";
}

/** Ends a stream whose usage has been sent. */
export async function endStream({ behaviour, res, cut }: ScriptedCall, last = ""): Promise<void> {
  if (behaviour !== "cut_after_usage") return void res.end(last);
  await pause(30);
  cut();
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
