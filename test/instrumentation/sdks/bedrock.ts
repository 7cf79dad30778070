import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";

import type { SdkCall, SdkCalls } from "./sdk-call.ts";

const messages = [{ role: "user" as const, content: [{ text: "Hello" }] }];
const body = JSON.stringify({ anthropic_version: "bedrock-2023-05-31", max_tokens: 99, messages: [] });

const otherwise = {
  // On a break the SDK drops the body without cancelling it, so nobody can see that its caller has left.
  "stream, hanging and left by break": ["failed partial"],
  // An abort closes the connection, and nothing more can be learnt from it.
  "stream, left by abort": ["ok partial"],
};
/** An answer that breaks off is retried, over HTTP/1.1 only. */
const overHttp1 = { ...otherwise, "json, cut": ["failed none", "failed none"] };

/** HTTP/2 is the SDK's default; many apps choose HTTP/1.1, for a proxy say. */
export const bedrockCalls: SdkCalls = ({ url, http2Url }) => {
  const http1 = new BedrockRuntimeClient({ ...options(url), requestHandler: new NodeHttpHandler() });
  return [
    ...callsOf("bedrock", otherwise, new BedrockRuntimeClient(options(http2Url))),
    ...callsOf("bedrock over http 1", overHttp1, http1),
  ];
};

function options(endpoint: string) {
  return { endpoint, region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 2 };
}

function callsOf(name: string, otherwise: SdkCall["otherwise"] & object, client: BedrockRuntimeClient): SdkCall[] {
  const call = (abortSignal?: AbortSignal) => (abortSignal === undefined ? {} : { abortSignal });
  return [
    {
      name: `${name} converse`,
      eventType: "chat",
      otherwise,
      async json(modelId, signal) {
        const { output, stopReason, usage } = await client.send(
          new ConverseCommand({ modelId, messages }),
          call(signal),
        );
        return { output, stopReason, usage };
      },
      async stream(modelId, signal) {
        const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages }), call(signal));
        return stream!;
      },
    },
    {
      name: `${name} invoke`,
      eventType: "chat",
      otherwise,
      async json(modelId, signal) {
        const answer = await client.send(new InvokeModelCommand({ modelId, body }), call(signal));
        return answer.body.transformToString();
      },
      async stream(modelId, signal) {
        const answer = await client.send(new InvokeModelWithResponseStreamCommand({ modelId, body }), call(signal));
        return answer.body!;
      },
    },
  ];
}
