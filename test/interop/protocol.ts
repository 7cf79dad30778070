/** The two ways OTLP travels, by the names that `OTEL_EXPORTER_OTLP_PROTOCOL` gives them. */
export type Protocol = "grpc" | "http/protobuf";

export const PROTOCOLS: readonly Protocol[] = ["http/protobuf", "grpc"];

/** Something that takes OTLP, ours or not. */
export interface Receiver {
  readonly urls: Readonly<Record<Protocol, string>>;
}

/** The ports of a receiver; 0 = any free one. */
export type Ports = Readonly<Record<Protocol, string>>;

export const ANY_PORTS: Ports = { "http/protobuf": "0", grpc: "0" };

/** What a receiver must be given to be found again after a restart. */
export function portsOf({ urls }: Receiver): Ports {
  return { "http/protobuf": new URL(urls["http/protobuf"]).port, grpc: new URL(urls.grpc).port };
}
