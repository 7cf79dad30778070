import type { ClientRequest, IncomingMessage } from "node:http";

import type { Meter } from "../../metering/meter.ts";
import { beginAttempt } from "../attempt/attempt.ts";
import type { Attempt } from "../attempt/attempt.ts";
import { captureContext } from "../call-context.ts";
import type { CallContext } from "../call-context.ts";
import { estimates } from "../estimate/setting.ts";
import type { Fields } from "../formats/fields.ts";
import type { HostRules } from "../host-rules.ts";
import { readCall, recogniseCall } from "../provider-call.ts";
import type { ProviderCall, RecognisedCall } from "../provider-call.ts";
import { meterAnswer } from "./answer.ts";
import { GIVEN_UP, subscribeAll } from "./channels.ts";
import { readRequestBody } from "./request-body.ts";

interface UnderWay {
  readonly call: ProviderCall;
  readonly attempt: Attempt;
  error?: unknown;
}

/** Meters provider calls made with `node:http` and `node:https`, told of them by Node's diagnostics channels (Node >= 22.12). */
export function installHttp1Tap(meter: Meter, hosts: HostRules, stalledMs: number): () => void {
  const unanswered = new WeakMap<ClientRequest, UnderWay>();

  function begin(request: ClientRequest, recognised: RecognisedCall, body: Fields | null, context: CallContext): void {
    const call = readCall(recognised, body, (name) => headerText(request.getHeader(name)));
    if (call === null) return;
    const underWay: UnderWay = { call, attempt: beginAttempt(meter, call, context) };
    unanswered.set(request, underWay);
    request.once("close", () => {
      if (!unanswered.delete(request)) return;
      underWay.attempt.finish({ kind: "unanswered", error: underWay.error ?? GIVEN_UP }, null);
    });
  }

  function onCreated(message: unknown): void {
    const { request } = message as { request: ClientRequest };
    const recognised = recogniseCall(request.method, addressOf(request), hosts);
    if (recognised === null) return;
    const context = captureContext();
    // Where the path says it all, the body is read for an estimate only.
    if (recognised.endpoint.unread !== undefined && !estimates().on) return begin(request, recognised, null, context);
    readRequestBody(request, (body) => begin(request, recognised, body, context));
  }

  function onError(message: unknown): void {
    const { request, error } = message as { request: ClientRequest; error: unknown };
    const underWay = unanswered.get(request);
    if (underWay !== undefined) underWay.error ??= error;
  }

  function onResponse(message: unknown): void {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const underWay = unanswered.get(request);
    if (underWay === undefined) return;
    unanswered.delete(request);
    const { socket } = response; // taken now: the response loses it when it ends
    const answer = {
      status: response.statusCode ?? 0,
      header: (name: string) => headerText(response.headers[name]),
      body: response,
      isWhole: () => response.complete,
      // An app that leaves destroys the socket; the other side ends it, or fails it.
      wasCut: () => socket.readableEnded || (socket.errored !== null && socket.errored.name !== "AbortError"),
    };
    meterAnswer(underWay.call, underWay.attempt, answer, stalledMs);
  }

  return subscribeAll({
    "http.client.request.created": onCreated,
    "http.client.request.error": onError,
    "http.client.response.finish": onResponse,
  });
}

function addressOf(request: ClientRequest): string {
  return `${request.protocol}//${headerText(request.getHeader("host")) ?? request.host}${request.path}`;
}

function headerText(value: number | string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
