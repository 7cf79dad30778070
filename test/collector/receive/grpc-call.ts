import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { SIGNALS, type Signal } from "../../../collector/receive/signal.ts";
import { KEY } from "./collector-under-test.ts";
import { protobufFields } from "./requests.ts";

export interface CallOptions {
  readonly signal?: Signal;
  /** The `authorization` entry; null sends none. */
  readonly authorization?: string | null;
  readonly gzip?: boolean;
}

/** What came back: the response's bytes, or the status of a refusal. */
export type CallResult =
  | { readonly kind: "response"; readonly bytes: Buffer }
  | { readonly kind: "status"; readonly code: number; readonly details: string; readonly retrySeconds: number | null };

/** A client of grpc-js, which ends with the test. */
export function grpcClient(url: string, gzip = false): Client {
  const client = new Client(new URL(url).host, credentials.createInsecure(), {
    // Every client its own connection.
    "grpc.use_local_subchannel_pool": 1,
    ...(gzip && { "grpc.default_compression_algorithm": 2 }),
  });
  onTestFinished(() => client.close());
  return client;
}

/** Calls `Export` with these bytes as its message. */
export function callExport(url: string, bytes: Uint8Array, options: CallOptions = {}): Promise<CallResult> {
  const { signal = "traces", authorization = `Bearer ${KEY}`, gzip = false } = options;
  return callOn(grpcClient(url, gzip), `/${SIGNALS[signal].service}/Export`, bytes, authorization);
}

export function callOn(
  client: Client,
  path: string,
  bytes: Uint8Array,
  authorization: string | null = `Bearer ${KEY}`,
): Promise<CallResult> {
  const metadata = new Metadata();
  if (authorization !== null) metadata.set("authorization", authorization);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      (message: Uint8Array) => Buffer.from(message),
      (response: Buffer) => response,
      bytes,
      metadata,
      (error, response) => resolve(error === null ? { kind: "response", bytes: response! } : statusOf(error)),
    );
  });
}

function statusOf({ code, details, metadata }: ServiceError): CallResult {
  const [bin] = metadata.get("grpc-status-details-bin");
  return { kind: "status", code, details, retrySeconds: bin === undefined ? null : retryDelay(bin as Buffer) };
}

/** The seconds of the `RetryInfo` in a `google.rpc.Status`. */
function retryDelay(statusBytes: Buffer): number {
  const any = protobufFields(protobufFields(statusBytes)[3] as Buffer);
  const typeUrl = String(any[1]);
  if (typeUrl !== "type.googleapis.com/google.rpc.RetryInfo") throw new Error(`not a RetryInfo: ${typeUrl}`);
  return protobufFields(protobufFields(any[2] as Buffer)[1] as Buffer)[1] as number;
}
