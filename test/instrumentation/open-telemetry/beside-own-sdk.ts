import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver, ReceivedSpan } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import type { ScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";

const REGISTER = "@quotel/instrumentation/register";
const OWN_SDK = new URL("./apps/own-sdk.ts", import.meta.url).href;
const REQUESTS = 3;
/** OTLP's `SPAN_KIND_SERVER`. */
const WIRE_KIND_SERVER = 2;

/**
 * What holds for an app that owns a NodeSDK, whichever line of OpenTelemetry it is on: `folder` is a package that depends on
 * `@opentelemetry/api`, `sdk-node`, `instrumentation-http` and `exporter-trace-otlp-http` of that line.
 */
export function describeBesideOwnSdk(line: string, folder: string): void {
  let collector: OtlpReceiver;
  let backend: OtlpReceiver;
  let provider: ScriptedProvider;

  beforeAll(async () => {
    [collector, backend, provider] = await Promise.all([
      startOtlpReceiver(),
      startOtlpReceiver(),
      startScriptedProvider(),
    ]);
  });
  afterEach(() => {
    collector.spans.length = 0;
    backend.spans.length = 0;
    provider.reset();
  });
  afterAll(() => Promise.all([collector.close(), backend.close(), provider.close()]));

  /** Runs the app with these loaded before it; resolves, when it has ended, to the spans its backend got. */
  async function run(imports: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const app = await startApp({
      file: new URL("./apps/own-spans.ts", import.meta.url),
      imports,
      env: {
        SDK_FOLDER: folder,
        PROVIDER_URL: provider.url,
        QUOTEL_ENDPOINT: collector.url,
        QUOTEL_TENANT_HEADER: "x-tenant",
        OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        ...env,
      },
    });
    for (let index = 0; index < REQUESTS; index += 1) {
      const answer = await fetch(`${app.url}/things/${index}`, { headers: { "x-tenant": "acme" } });
      expect(await answer.json()).toHaveProperty("usage");
    }
    expect(await app.end("finish")).toMatchObject({ code: 0 });
    expect(app.stderr()).toBe("");
    return backend.spans.splice(0);
  }

  /** Everything the app has done is recorded, and is its tenant's. */
  function expectAllMetered() {
    const sum = (name: string) =>
      collector.of("chat").reduce((total, { attributes }) => total + Number(attributes[name]), 0);
    expect(provider.ledger.attempts).toBe(REQUESTS);
    expect(collector.of("chat")).toHaveLength(REQUESTS);
    expect(collector.of("api_call")).toHaveLength(REQUESTS);
    expect(sum("gen_ai.usage.input_tokens")).toBe(provider.ledger.inputTokens);
    expect(sum("gen_ai.usage.output_tokens")).toBe(provider.ledger.outputTokens);
    const usage = [...collector.of("chat"), ...collector.of("api_call")];
    expect(new Set(usage.map(({ attributes }) => attributes["quotel.tenant.id"]))).toEqual(new Set(["acme"]));
  }

  describe(`Beside an app's own SDK, ${line}`, () => {
    test.each([
      ["before", [OWN_SDK, REGISTER]],
      ["after", [REGISTER, OWN_SDK]],
    ])(
      `${line}: an app whose SDK started %s us has all the spans it has without us, and its model calls beside them`,
      async (_when, imports) => {
        const bare = await run([OWN_SDK]);
        expect(bare).toHaveLength(2 * REQUESTS);
        expect(collector.spans).toHaveLength(0);
        provider.reset();

        const spans = await run(imports);
        const [calls, own] = [spans.filter(isCallSpan), spans.filter((span) => !isCallSpan(span))];
        expect(shapesOf(own)).toEqual(shapesOf(bare));
        expectAllMetered();
        const recorded = collector.of("chat").map(({ traceId, spanId }) => `${traceId} ${spanId}`);
        const shown = calls.map(({ traceId, attributes }) => `${traceId} ${attributes["quotel.event.span_id"]}`);
        expect(new Set(shown)).toEqual(new Set(recorded));
      },
    );

    test(`${line}: meteringSpanProcessor puts the tenant on every span, and our event on the server's`, async () => {
      const spans = await run([REGISTER, OWN_SDK], { OWN_PROCESSORS: "1" });
      expect(spans).toHaveLength(3 * REQUESTS);
      expect(new Set(spans.map(({ attributes }) => attributes["quotel.tenant.id"]))).toEqual(new Set(["acme"]));
      const served = spans.filter(({ kind }) => kind === WIRE_KIND_SERVER);
      expect(new Set(served.map(({ attributes }) => attributes["quotel.counted"]))).toEqual(new Set([false]));
      expect(new Set(served.map(({ attributes }) => attributes["quotel.event.span_id"]))).toEqual(
        new Set(collector.of("api_call").map(({ spanId }) => spanId)),
      );
      expectAllMetered();
    });

    test.each([
      ["its SDK is switched off", { OTEL_SDK_DISABLED: "true" }],
      ["it samples nothing", { OTEL_TRACES_SAMPLER: "always_off" }],
      ["it exports nothing", { OTEL_TRACES_EXPORTER: "none" }],
    ])(`${line}: an app is metered in full where %s`, async (_what, env) => {
      expect(await run([REGISTER, OWN_SDK], env)).toEqual([]);
      expectAllMetered();
    });
  });
}

/** A span that we made in the app's own tracing. */
function isCallSpan({ attributes }: ReceivedSpan): boolean {
  return attributes["quotel.counted"] === false;
}

/** Spans without what differs from run to run: ids, times and ports. */
function shapesOf(spans: readonly ReceivedSpan[]) {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans
    .map(({ name, kind, statusCode, attributes, parentSpanId }) => ({
      name,
      kind,
      statusCode,
      attributes: Object.entries(attributes).map(([key, value]) => [
        key,
        /port|url|host/.test(key) ? String(value).replace(/\d{4,5}/, "PORT") : value,
      ]),
      parent: names.get(parentSpanId ?? "") ?? null,
    }))
    .sort((one, other) => one.name.localeCompare(other.name));
}
