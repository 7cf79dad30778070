import { ATTR_QUOTEL_BOOT_ID, ATTR_QUOTEL_SEQ } from "@quotel/conventions";

import { encodeAttributes } from "./encode-attributes.ts";
import { spanText } from "./span-text.ts";

const KIND_INTERNAL = 1;
const PREFIX = "quotel.heartbeat.";

/**
 * A record of no usage: it takes a number of the sequence, so that records lost before it are a gap the collector can see
 * even where no usage follows, and that a process with nothing to record is known to be complete (I12).
 */
export function encodeHeartbeat(
  counters: Readonly<Record<string, number>>,
  ids: { readonly traceId: string; readonly spanId: string; readonly bootId: string; readonly seq: number },
  atMicros: number,
): string {
  const counted = Object.entries(counters).map(([name, count]) => [PREFIX + name, count]);
  return spanText(
    {
      ...ids,
      parentSpanId: null,
      name: "heartbeat",
      kind: KIND_INTERNAL,
      startMicros: atMicros,
      endMicros: atMicros,
      failed: false,
    },
    encodeAttributes({ ...Object.fromEntries(counted), [ATTR_QUOTEL_BOOT_ID]: ids.bootId, [ATTR_QUOTEL_SEQ]: ids.seq }),
  );
}
