/** As its README says, in the NodeSDK, and counting the tokens of streams itself; `OTEL_*` say where to. Loaded by `--require`. */
const { createRequire } = require("node:module");

const from = createRequire(`${process.env.PACKAGES}/`);
const { NodeSDK } = from("@opentelemetry/sdk-node");
const { OpenAIInstrumentation } = from("@traceloop/instrumentation-openai");

const sdk = new NodeSDK({ instrumentations: [new OpenAIInstrumentation({ enrichTokens: true })] });
sdk.start();
// What cannot be delivered is the sender's loss, not a reason for the app to fail.
process.once("beforeExit", () => sdk.shutdown().catch(() => {}));
