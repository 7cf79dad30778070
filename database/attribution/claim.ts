import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ReceivedEvent } from "../record/ledger-row.ts";
import type { UsageEvent } from "../record/usage-event.ts";

/** In `detail` of an event in `unattributed`: the tenant it names, which did not exist. */
export const CLAIMED_TENANT = "claimed_tenant";

/**
 * An event with the tenant whose claim has to be looked at in the record transaction: one that did not exist when the
 * event came in, or that exists now and did not when others came in. Nearly all events have none.
 */
export interface ClaimedEvent extends ReceivedEvent {
  readonly claim?: string | undefined;
}

/** The event as nobody's, with the name it gave. */
export function asUnattributed(event: UsageEvent): UsageEvent {
  const detail = { ...event.detail, [CLAIMED_TENANT]: event.tenantId };
  return { ...event, tenantId: UNATTRIBUTED_TENANT, detail };
}

/** An event of `unattributed` as that tenant's, as it would have been had it come under that name. */
export function asTenants(event: UsageEvent, tenantId: string): UsageEvent {
  const { [CLAIMED_TENANT]: _, ...detail } = event.detail ?? {};
  return { ...event, tenantId, detail: Object.keys(detail).length === 0 ? null : detail };
}
