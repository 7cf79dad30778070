import {
  Server,
  ServerCredentials,
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { answerBody, type Answer } from "../answer.ts";
import { FAULT, noteAnswer } from "../endpoint.ts";
import { ingestInTime } from "../ingest-in-time.ts";
import type { Receiver, ReceiverOptions } from "../receiver.ts";
import { SIGNAL_NAMES, SIGNALS, type Signal } from "../signal.ts";
import { Admission, type Admitted } from "./admission.ts";
import { grpcStatus } from "./status.ts";

/** Calls at once on one connection; exporters have one or a few. */
const CONCURRENT_CALLS_MAX = 100;

/**
 * Starts the OTLP/gRPC server; rejects when the address cannot be had. Messages stay bytes here: the same decoders read
 * them as those of OTLP/HTTP. Unpacking is grpc-js' own, within the same bound.
 */
export async function startGrpcReceiver(options: ReceiverOptions): Promise<Receiver> {
  const admission = new Admission(options);
  // Channelz stays on: without it grpc-js 1.14 knows no connections that a forced shutdown could cut.
  const server = new Server({
    interceptors: [admission.interceptor],
    "grpc.max_receive_message_length": options.endpoint.bodyBytesMax,
    "grpc.max_concurrent_streams": CONCURRENT_CALLS_MAX,
  });
  for (const signal of SIGNAL_NAMES) {
    const exportCall = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
      answerExport(call.request, signal, admission.handle(call.metadata), options, answer).catch(options.onFault);
    };
    server.addService({ export: exportMethod(signal) }, { export: exportCall });
  }
  const url = `http://${await bind(server, options)}`;
  let closed: Promise<void> | undefined;
  return {
    url,
    close: () => {
      closed ??= stop(server, options.shutdownTimeoutMs);
      return closed;
    },
  };
}

async function answerExport(
  message: Buffer,
  signal: Signal,
  { producer, sentAtMicros, lease }: Admitted,
  options: ReceiverOptions,
  answer: sendUnaryData<Buffer>,
): Promise<void> {
  let said: Answer;
  try {
    said = await ingestInTime(options, signal, [message, "protobuf", producer, sentAtMicros], lease);
  } catch (error) {
    options.onFault(error);
    said = FAULT;
  }
  noteAnswer(said, options);
  if (said.kind === "error") answer(grpcStatus(said));
  else answer(null, answerBody(said, "protobuf", signal));
}

function exportMethod(signal: Signal): MethodDefinition<Buffer, Buffer> {
  const unchanged = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/${SIGNALS[signal].service}/Export`,
    requestStream: false,
    responseStream: false,
    requestSerialize: unchanged,
    requestDeserialize: unchanged,
    responseSerialize: unchanged,
    responseDeserialize: unchanged,
  };
}

function bind(server: Server, { host, port }: ReceiverOptions): Promise<string> {
  const name = host.includes(":") ? `[${host}]` : host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(`${name}:${bound}`);
      else
        reject(new Error(`port ${port} of ${host} cannot be had: set QUOTEL_GRPC_PORT (off = none)`, { cause: error }));
    });
  });
}

function stop(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.forceShutdown();
      // The callback below does not come for connections that were cut.
      resolve();
    }, timeoutMs);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
