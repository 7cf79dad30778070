import { startQuotaService, stopRooms } from "../processes/rooms.ts";
import type { Room, RoomOptions } from "../processes/rooms.ts";

/** Quota services side by side, as behind a load balancer; any of them may be killed. */
export interface Fleet {
  readonly size: number;
  /** Where the n-th listens (counted round and round). Nobody answers there between its kill and its return. */
  url(n: number): string;
  /** SIGKILL to the n-th; resolves when another has taken its place. */
  replace(n: number): Promise<void>;
  readonly stop: () => Promise<void>;
}

/** @param optionsOf how the n-th runs */
export async function startFleet(
  size: number,
  databaseUrl: string,
  optionsOf: (n: number) => RoomOptions,
): Promise<Fleet> {
  const rooms: Room[] = await Promise.all(
    Array.from({ length: size }, (_, n) => startQuotaService(databaseUrl, optionsOf(n))),
  );
  return {
    size,
    url: (n) => rooms[n % size]!.url,
    async replace(n) {
      await rooms[n % size]!.process.kill();
      rooms[n % size] = await startQuotaService(databaseUrl, optionsOf(n % size));
    },
    stop: () => stopRooms(rooms),
  };
}
