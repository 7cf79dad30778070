import fc from "fast-check";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { ModelLimit, ModelPeriod } from "./model-limit.ts";
import type { ReservationModel } from "./reservation-model.ts";

const HOUR_MS = 3_600_000;
const GRACE_SECONDS = 3_600;
const PERIODS: readonly ModelPeriod[] = ["day", "month", "lifetime", "hour"];

const definition = {
  amount: fc.option(fc.integer({ min: 0, max: 1_500 }), { nil: null, freq: 8 }),
  enforcement: fc.constantFrom<ModelLimit["enforcement"][]>("hard", "hard", "hard", "hard", "soft", "shadow"),
  graceFraction: fc.constantFrom(0, 0, 0.1, 0.125, 0.5),
  graceSeconds: fc.constantFrom(0, 0, 0, GRACE_SECONDS),
  burst: fc.constantFrom(0, 100),
};
/** At least one limit, so that a decision's items are those of the limits. */
const planLimits = fc.record(
  {
    day: fc.record({ period: fc.constant("day" as const), ...definition }),
    month: fc.record({ period: fc.constant("month" as const), ...definition }),
    lifetime: fc.record({ period: fc.constant("lifetime" as const), ...definition }),
    hour: fc.record({ period: fc.constant("hour" as const), ...definition }),
  },
  { requiredKeys: ["day"] },
);

/** Hundreds of zones: all in which no day ends within the hour, so that none turns by itself while the test runs. */
const ZONES = Intl.supportedValuesOf("timeZone").filter((zone) => {
  const hourIn = (atMs: number): number =>
    Number(new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" }).format(atMs));
  return hourIn(Date.now() + HOUR_MS) > hourIn(Date.now());
});

/** Everything that changes limits, or what has been counted against them, without any request. */
export const limitStep = fc.oneof(
  fc.record({ do: fc.constant("plan" as const), limits: planLimits, another: fc.boolean() }),
  fc.record({
    do: fc.constant("override" as const),
    limit: fc.record({ period: fc.constantFrom(...PERIODS), ...definition }),
  }),
  fc.record({ do: fc.constant("endOverride" as const), revoke: fc.boolean() }),
  fc.record({
    do: fc.constant("turn" as const),
    zone: fc.constantFrom(...ZONES),
    anchorDay: fc.integer({ min: 1, max: 31 }),
  }),
  fc.record({ do: fc.constant("endGrace" as const) }),
  fc.record({ do: fc.constant("emptyRateWindow" as const) }),
);
export type LimitStep = typeof limitStep extends fc.Arbitrary<infer T> ? T : never;

const FIRST: readonly ModelLimit[] = ["day" as const, "month" as const].map((period) => {
  return { period, amount: 1_000, enforcement: "hard", graceFraction: 0, graceSeconds: 0, burst: 0 };
});

/** Plays such steps on the database and on the model. A tenant of its own has plans of its own. */
export class LimitSteps {
  readonly #admin: Pool;
  readonly #tenantId: string;
  readonly #model: ReservationModel;
  readonly #overrides: string[] = [];
  #plans = 0;
  #versions = 0;

  constructor(admin: Pool, tenantId: string, model: ReservationModel) {
    this.#admin = admin;
    this.#tenantId = tenantId;
    this.#model = model;
  }

  async begin(): Promise<void> {
    await this.#applyPlan(FIRST, true);
    await this.#admin.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, $2)", [
      this.#tenantId,
      this.#planId,
    ]);
  }

  async play(step: LimitStep): Promise<void> {
    switch (step.do) {
      case "plan":
        await this.#applyPlan(Object.values(step.limits), step.another);
        await this.#run("update quotel.tenants set plan_id = $2 where tenant_id = $1", [this.#planId]);
        return;
      case "override":
        return this.#addOverride(step.limit);
      case "endOverride":
        return this.#endOverride(step.revoke);
      case "turn":
        return this.#turn(step.zone, step.anchorDay);
      case "endGrace":
        this.#model.endGrace();
        return this.#run(
          "update quotel.quota_crossings set crossed_at = crossed_at - make_interval(secs => $2) where tenant_id = $1",
          [GRACE_SECONDS],
        );
      case "emptyRateWindow":
        this.#model.emptyRateWindow();
        return this.#run("update quotel.rate_windows set head = head - 61 where tenant_id = $1");
    }
  }

  get #planId(): string {
    return `plan-${this.#tenantId}-${this.#plans}`;
  }

  /** A changed limit is a new version of the plan, or another plan; the usage stays. */
  async #applyPlan(limits: readonly ModelLimit[], another: boolean): Promise<void> {
    if (another) this.#plans += 1;
    this.#versions += 1;
    this.#model.plan = limits;
    const version = this.#versions;
    await this.#admin.query("insert into quotel.plans (plan_id, version) values ($1, $2)", [this.#planId, version]);
    for (const it of limits) {
      await this.#admin.query(
        `insert into quotel.plan_limits (plan_id, version, resource, period, amount, enforcement, grace_fraction,
           grace_seconds, burst) values ($1, $2, 'tokens', $3, $4, $5, $6, $7, $8)`,
        [this.#planId, version, it.period, it.amount, it.enforcement, it.graceFraction, it.graceSeconds, it.burst],
      );
    }
  }

  async #addOverride(it: ModelLimit): Promise<void> {
    const id = randomUUID();
    this.#overrides.push(id);
    this.#model.overrides.push(it);
    await this.#run(
      `insert into quotel.limit_overrides (tenant_id, override_id, resource, period, amount, enforcement,
         grace_fraction, grace_seconds, burst, valid_from, valid_until, reason, actor)
       values ($1, $2, 'tokens', $3, $4, $5, $6, $7, $8, now() - interval '1 hour', now() + interval '1 hour', 'a', 'b')`,
      [id, it.period, it.amount, it.enforcement, it.graceFraction, it.graceSeconds, it.burst],
    );
  }

  async #endOverride(revoke: boolean): Promise<void> {
    const id = this.#overrides.pop();
    if (id === undefined) return;
    this.#model.overrides.pop();
    const how = revoke ? "revoked_at = now()" : "valid_until = now()";
    await this.#run(`update quotel.limit_overrides set ${how} where tenant_id = $1 and override_id = $2`, [id]);
  }

  /** Another zone and anchor from now on: the day and the month end here, and new ones begin. */
  async #turn(zone: string, anchorDay: number): Promise<void> {
    this.#model.turn();
    await sleep(2);
    await this.#run(
      `insert into quotel.tenant_calendars (tenant_id, effective_from, zone, anchor_day)
       values ($1, date_trunc('milliseconds', clock_timestamp()), $2, $3)`,
      [zone, anchorDay],
    );
    await sleep(2);
  }

  async #run(text: string, values: readonly unknown[] = []): Promise<void> {
    await this.#admin.query(text, [this.#tenantId, ...values]);
  }
}
