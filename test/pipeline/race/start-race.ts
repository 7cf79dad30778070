import { afterAll, expect } from "vitest";
import { createPool } from "#database/pool";
import { driftFromHolds } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { planFile } from "../processes/rooms.ts";
import type { RoomOptions } from "../processes/rooms.ts";
import { startFleet } from "./fleet.ts";
import type { Fleet } from "./fleet.ts";
import { passedLimits, watchTotals } from "./observed-totals.ts";
import type { WatchedLimit } from "./observed-totals.ts";

export interface RaceOptions {
  readonly services: number;
  /** The plan of every tenant that nobody has put on another. */
  readonly planId: string;
  readonly limits: readonly WatchedLimit[];
  /** The limits that no state of a total may be over; the plan's, unless the test changes those. */
  readonly watched?: readonly WatchedLimit[];
  /** How the n-th service runs beside its plan. */
  readonly optionsOf?: (n: number) => RoomOptions;
}

export interface Race {
  readonly fleet: Fleet;
  readonly admin: ReturnType<typeof createPool>;
  /** Nothing was over a limit at any moment, and the totals hold what the reservations hold. */
  readonly expectSoundTotals: () => Promise<void>;
}

/** Services on a database that watches its totals. At the top level of a test file, whose end stops them. */
export async function startRace(options: RaceOptions): Promise<Race> {
  const { services, planId, limits, watched = limits, optionsOf = (): RoomOptions => ({}) } = options;
  const database = await createTestDatabase();
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  await watchTotals(admin, watched);
  const plan = await planFile(planId, limits);
  afterAll(plan.remove);
  const fleet = await startFleet(services, database.writerUrl, (n) => {
    const { env, ...rest } = optionsOf(n);
    return { ...rest, env: { ...plan.env, ...env } };
  });
  afterAll(fleet.stop);
  const expectSoundTotals = async (): Promise<void> => {
    expect(await passedLimits(admin)).toEqual([]);
    expect(await driftFromHolds(admin)).toEqual([]);
  };
  return { fleet, admin, expectSoundTotals };
}
