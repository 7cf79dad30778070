import type { CollectorProcess } from "../collector/collector-process.ts";
import { PROTOCOLS, type Protocol, type Receiver } from "../protocol.ts";
import { startUpstream } from "../upstream-collector/upstream-process.ts";

/** A way telemetry takes to our collector; one protocol all the way. */
export interface Route {
  readonly protocol: Protocol;
  readonly through: "directly" | "through the upstream Collector";
}

export const ROUTES: readonly Route[] = PROTOCOLS.flatMap((protocol) => [
  { protocol, through: "directly" },
  { protocol, through: "through the upstream Collector" },
]);

export interface OpenRoute {
  /** Where the sender sends to. */
  readonly entry: Receiver;
  /** Resolves when everything that was sent has arrived. The route is closed then. */
  readonly drain: () => Promise<void>;
}

export async function openRoute({ protocol, through }: Route, collector: CollectorProcess): Promise<OpenRoute> {
  if (through === "directly") return { entry: collector, drain: async () => {} };
  const upstream = await startUpstream({ config: "batching", target: collector, protocol });
  return { entry: upstream, drain: upstream.stop };
}
