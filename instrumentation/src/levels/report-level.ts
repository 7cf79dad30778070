import { RESOURCE_PATTERN } from "@quotel/conventions";

import { distinctMicros } from "../metering/clock.ts";
import { withMeter } from "../process/with-meter.ts";
import { acceptTenantId } from "../tenant/resolve.ts";
import { encodeLevel } from "./encode-level.ts";
import type { LevelPoint } from "./encode-level.ts";
import { canBeHeld } from "./held-resources.ts";

/**
 * Reports how much of a resource a tenant holds now: members, channels, storage, files. The latest report is the level; the
 * highest of a month is kept beside it. Never throws: what cannot be a level is ignored, with a warning.
 *
 *     reportLevel("acme", "members", 12);
 *     reportLevel("acme", "storage_bytes", await bytesInBucket("acme"));
 *
 * @param value a whole number >= 0
 * @param at when it was measured, if not now; one that is older than the last report changes no level
 */
export function reportLevel(tenantId: string, resource: string, value: number, at?: Date): void {
  record("reportLevel", { tenantId, resource, value, kind: "sample" }, at);
}

/**
 * Reports that a tenant holds so much more of a resource, or with a negative number so much less. Each call counts once.
 *
 *     changeLevel("acme", "storage_bytes", storageBytes({ text, vectorDimensions: 1536 }));
 *     changeLevel("acme", "channels", -1);
 *
 * @param by a whole number
 */
export function changeLevel(tenantId: string, resource: string, by: number, at?: Date): void {
  record("changeLevel", { tenantId, resource, value: by, kind: "change" }, at);
}

function record(call: string, said: Omit<LevelPoint, "atMicros">, at: Date | undefined): void {
  withMeter(call, (meter) => {
    const { resource, kind, value } = said;
    // A level is somebody's: there is no such thing as one of nobody known.
    const tenantId = acceptTenantId(said.tenantId);
    if (tenantId === null) return "it names no tenant";
    if (!RESOURCE_PATTERN.test(resource)) return `${JSON.stringify(resource)} is no resource's name`;
    if (!canBeHeld(resource)) return `${resource} is used up, not held: recordUsage counts it`;
    if (!Number.isSafeInteger(value)) return `${String(value)} is not a whole number`;
    if (kind === "sample" && value < 0) return `nobody holds ${value}`;
    const atMicros = at === undefined ? distinctMicros() : at.getTime() * 1000;
    if (!Number.isSafeInteger(atMicros)) return "its time is none";
    meter.recordItem("metrics", encodeLevel({ tenantId, resource, kind, value, atMicros }, meter.bootId));
    return null;
  });
}
