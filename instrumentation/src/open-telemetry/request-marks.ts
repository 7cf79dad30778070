import { ATTR_QUOTEL_COUNTED, ATTR_QUOTEL_EVENT_SPAN_ID, ATTR_QUOTEL_TENANT_ID } from "@quotel/conventions";

import type { Holder } from "../tenant/holder.ts";
import { holderStorage } from "../tenant/holders.ts";
import { tenantOf } from "../tenant/resolve.ts";
import type { SpanAttributes } from "./app-api.ts";

/** For any span of the app's own: whose work it shows, as far as is known by now. */
export function tenantMarks(holder: Holder | undefined = holderStorage().getStore()): SpanAttributes {
  const tenantId = holder === undefined ? null : tenantOf(holder);
  return tenantId === null ? {} : { [ATTR_QUOTEL_TENANT_ID]: tenantId };
}

/**
 * For the app's SERVER span of a request: it does not count, wherever it is sent, because our own event of the request does
 * (`quotel.event.span_id`), or none is to (an ignored path). Nothing for work that no request we saw asked for.
 */
export function requestMarks({ request, ignored, spanId }: Holder): SpanAttributes {
  if (request === null) return {};
  return { [ATTR_QUOTEL_COUNTED]: false, ...(ignored ? {} : { [ATTR_QUOTEL_EVENT_SPAN_ID]: spanId }) };
}
