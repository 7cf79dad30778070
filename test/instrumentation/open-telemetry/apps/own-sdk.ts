/**
 * Tracing as an app owns it: a NodeSDK that `OTEL_*` configure, with the upstream instrumentation of `http`. Loaded by
 * `--import`. `SDK_FOLDER` is the package that depends on the OpenTelemetry line in question.
 */
import { createRequire } from "node:module";

import type * as InstrumentationHttp from "@opentelemetry/instrumentation-http";
import type * as SdkNode from "@opentelemetry/sdk-node";

const require = createRequire(`${process.env["SDK_FOLDER"]}/`);
const { NodeSDK } = require("@opentelemetry/sdk-node") as typeof SdkNode;
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http") as typeof InstrumentationHttp;

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation()] });
sdk.start();
// All spans are exported before the app has ended.
process.on("message", () => void sdk.shutdown());
