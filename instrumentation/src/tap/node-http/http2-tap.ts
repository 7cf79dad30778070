import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";

import type { Meter } from "../../metering/meter.ts";
import { beginAttempt } from "../attempt/attempt.ts";
import type { Attempt } from "../attempt/attempt.ts";
import { captureContext } from "../call-context.ts";
import type { HostRules } from "../host-rules.ts";
import { readCall, recogniseCall } from "../provider-call.ts";
import type { ProviderCall } from "../provider-call.ts";
import { meterAnswer } from "./answer.ts";
import { GIVEN_UP, subscribeAll } from "./channels.ts";
import { isOfUndici, markSocketOfUndici } from "./undici-socket.ts";

/** `NGHTTP2_NO_ERROR`, without loading `node:http2` into apps that do not use it. */
const NO_ERROR = 0;

interface UnderWay {
  readonly call: ProviderCall;
  readonly attempt: Attempt;
}

/**
 * Meters provider calls made with `node:http2`, as the SDK of AWS Bedrock does; told of them by Node's diagnostics channels.
 * Requests are taken for what their paths say: their bodies are not read. What undici sends over HTTP/2 is `fetch`'s, and the
 * tap of that has it.
 */
export function installHttp2Tap(meter: Meter, hosts: HostRules, stalledMs: number): () => void {
  const unanswered = new WeakMap<ClientHttp2Stream, UnderWay>();

  function onCreated(message: unknown): void {
    const { stream, headers } = message as { stream: ClientHttp2Stream; headers: OutgoingHttpHeaders };
    const header = (name: string) => (headers[name] === undefined ? undefined : String(headers[name]));
    const address = `${header(":scheme")}://${header(":authority") ?? header("host")}${header(":path")}`;
    const recognised = recogniseCall(header(":method") ?? "GET", address, hosts);
    if (recognised === null || isOfUndici(stream)) return;
    const call = readCall(recognised, null, header);
    if (call === null) return;
    const underWay = { call, attempt: beginAttempt(meter, call, captureContext()) };
    unanswered.set(stream, underWay);
    stream.once("close", () => {
      if (!unanswered.delete(stream)) return;
      underWay.attempt.finish({ kind: "unanswered", error: stream.errored ?? GIVEN_UP }, null);
    });
  }

  function onHeaders(message: unknown): void {
    const { stream, headers } = message as { stream: ClientHttp2Stream; headers: IncomingHttpHeaders };
    const underWay = unanswered.get(stream);
    if (underWay === undefined) return;
    unanswered.delete(stream);
    const answer = {
      status: Number(headers[":status"]),
      header: (name: string) => (headers[name] === undefined ? undefined : String(headers[name])),
      body: stream,
      isWhole: () => !stream.closed,
      // An app that leaves closes the stream without an error; a lost connection cancels it.
      wasCut: () => stream.errored !== null || stream.rstCode !== NO_ERROR,
    };
    meterAnswer(underWay.call, underWay.attempt, answer, stalledMs);
  }

  return subscribeAll({
    "undici:client:connected": markSocketOfUndici,
    "http2.client.stream.created": onCreated,
    "http2.client.stream.finish": onHeaders,
  });
}
