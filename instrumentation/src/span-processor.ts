/** `@quotel/instrumentation/span-processor`: for apps that own an OpenTelemetry SDK. Imports none. */
export { meteringSpanProcessor } from "./open-telemetry/metering-span-processor.ts";
export type { MeteringSpanProcessor, ProcessedSpan } from "./open-telemetry/metering-span-processor.ts";
