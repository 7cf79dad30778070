import { ATTR_QUOTEL_BOOT_ID, ATTR_QUOTEL_SEQ, HEARTBEAT_PREFIX } from "@quotel/conventions";

import { encodeAttributes } from "./encode-attributes.ts";
import { spanText } from "./span-text.ts";

const KIND_INTERNAL = 1;

/**
 * A record of no usage: it takes a number of the sequence, so that records lost before it are a gap the collector can see
 * even where no usage follows, and that a process with nothing to record is known to be complete (I12).
 */
export function encodeHeartbeat(
  counters: Readonly<Record<string, number>>,
  ids: { readonly traceId: string; readonly spanId: string; readonly bootId: string; readonly seq: number },
  atMicros: number,
): string {
  const counted = Object.entries(counters).map(([name, count]) => [HEARTBEAT_PREFIX + snakeCase(name), count]);
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

/** Attributes are written as OpenTelemetry writes them: `fail_open`. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
