/**
 * As its README says; `OTEL_*` say where to. Prices are given, because it fetches them otherwise. Loaded by `--require`.
 *
 * Its documentation tells no way to deliver what waits when an app ends, so its tracer provider is asked.
 */
const { createRequire } = require("node:module");

const from = createRequire(`${process.env.PACKAGES}/`);
const { default: Openlit } = from("openlit");
const { trace } = from("@opentelemetry/api");

Openlit.init({ disableMetrics: true, disableEvents: true, pricingJson: { chat: {}, embeddings: {} } });
// What cannot be delivered is the sender's loss, not a reason for the app to fail.
process.once("beforeExit", () =>
  trace
    .getTracerProvider()
    .getDelegate()
    .shutdown()
    .catch(() => {}),
);
