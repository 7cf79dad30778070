import { ROOT_CONTEXT, SpanKind, TraceFlags, context, createContextKey, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { ReadableSpan, Sampler, SpanExporter, SpanProcessor } from "@opentelemetry/sdk-trace";
import fc from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";

import { QUOTEL_SCOPE_NAME } from "@quotel/conventions";

import { tapThisProcess } from "../tapped-process.ts";
import type { TappedProcess } from "../tapped-process.ts";
import { startAppTracing, stopAppTracing } from "./app-tracing.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess();
});
afterAll(() => tapped.close());

const RUNS = Number(process.env["QUOTEL_TEST_RUNS"] ?? 60);
const SUPPRESSED = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Decides by the span's name and kind, so that spans of one trace fare differently. */
function byName(decisions: readonly SamplingDecision[]): Sampler {
  return {
    shouldSample: (_context, _traceId, name, kind) => ({
      decision: decisions[(name.length + kind) % decisions.length] ?? SamplingDecision.NOT_RECORD,
    }),
    toString: () => "by name",
  };
}

/** Fails, but only where our spans are concerned: where the app's own are, the app would not run without us either. */
const throwing: Sampler = {
  shouldSample(_context, _traceId, _name, kind) {
    if (kind === SpanKind.CLIENT) throw new Error("no");
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  },
  toString: () => "throwing",
};

const samplers = fc.oneof(
  fc.constantFrom<Sampler>(new AlwaysOnSampler(), new AlwaysOffSampler(), throwing),
  fc.double({ min: 0, max: 1, noNaN: true }).map((ratio) => new TraceIdRatioBasedSampler(ratio)),
  fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 5 }).map(byName),
);
const samplersOfAll = fc.oneof(
  samplers,
  samplers.map((root) => new ParentBasedSampler({ root })),
);

const idle: SpanProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const labelling: SpanProcessor = { ...idle, onStart: (span) => void span.setAttribute("label", 1) };
/** Processors that fail where our spans are concerned, when they start and when they end. */
const failingAtStart: SpanProcessor = { ...idle, onStart: (span) => failFor(span.kind) };
const failingAtEnd: SpanProcessor = { ...idle, onEnd: (span) => failFor(span.kind) };
function failFor(kind: SpanKind): void {
  if (kind === SpanKind.CLIENT) throw new Error("no");
}

type Order = (exporting: SpanProcessor) => SpanProcessor[];
const orders = fc.constantFrom<Order>(
  (exporting) => [exporting],
  (exporting) => [labelling, exporting],
  (exporting) => [exporting, labelling],
  (exporting) => [failingAtStart, exporting],
  (exporting) => [exporting, failingAtStart],
  (exporting) => [failingAtEnd, exporting],
  (exporting) => [exporting, failingAtEnd],
  () => [],
);

/** Exporters that are slow, fail, or throw; what the app handed to them is kept all the same. */
const exporters = fc.constantFrom<(exporter: SpanExporter) => SpanExporter>(
  (exporter) => exporter,
  (exporter) => ({
    export: (spans, done) => exporter.export(spans, () => setTimeout(done, 50, { code: 0 }).unref()),
    shutdown: () => exporter.shutdown(),
  }),
  (exporter) => ({
    export: (spans, done) => exporter.export(spans, () => done({ code: 1, error: new Error("no") })),
    shutdown: () => exporter.shutdown(),
  }),
  (exporter) => ({
    export(spans) {
      exporter.export(spans, () => {});
      if (spans.some(({ kind }) => kind === SpanKind.CLIENT)) throw new Error("no export");
    },
    shutdown: () => exporter.shutdown(),
  }),
);

const parents = fc.constantFrom<TraceFlags | null>(null, TraceFlags.NONE, TraceFlags.SAMPLED);
const scenarios = fc.record({
  sampler: samplersOfAll,
  processors: orders,
  through: exporters,
  traceId: fc.stringMatching(/^[0-9a-f]{31}1$/),
  parent: parents,
  suppressed: fc.boolean(),
  users: fc.array(fc.constantFrom("normal", "overloaded", "fails_once"), { minLength: 1, maxLength: 3 }),
});

/** The app at work: calls the provider within two spans of its own, one in the other. */
async function work(parent: TraceFlags | null, suppressed: boolean, users: readonly string[]): Promise<string[]> {
  let outer: Context = ROOT_CONTEXT;
  if (parent !== null) {
    const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: parent, isRemote: true };
    outer = trace.setSpanContext(outer, remote);
  }
  if (suppressed) outer = outer.setValue(SUPPRESSED, true);
  // Made here, because a client keeps the `fetch` it was made with: the bare one, or ours.
  const openai = new OpenAI({ apiKey: "k", baseURL: `${tapped.provider.url}/v1`, maxRetries: 0 });
  const tracer = trace.getTracer("app");
  const span = tracer.startSpan("work", { attributes: { step: 1 } }, outer);
  const inWork = trace.setSpan(outer, span);
  const inner = tracer.startSpan("calls", {}, inWork);
  const answers = await context.with(trace.setSpan(inWork, inner), () =>
    Promise.allSettled(users.map((user) => chat(openai, user))),
  );
  inner.end();
  span.end();
  return answers.map((one) => (one.status === "fulfilled" ? "answered" : String(one.reason)));
}

function chat(openai: OpenAI, user: string) {
  return openai.chat.completions.create({ model: "m", messages: [{ role: "user", content: "Hello" }], user });
}

/** The app's own spans as they left it, without what differs from run to run. */
function shapesOf(spans: readonly ReadableSpan[]) {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans
    .filter((span) => span.instrumentationScope.name !== QUOTEL_SCOPE_NAME)
    .map(({ name, kind, attributes, status, events, links, parentSpanContext }) => {
      const parent = parentSpanContext === undefined ? null : (names.get(parentSpanContext.spanId) ?? "remote");
      return { name, kind, attributes, status, events, links, parent };
    });
}

test("sampling invariance: whatever samples, processes and exports the app's spans, usage is the provider's and they are the app's own", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async ({ sampler, processors, through, traceId, parent, suppressed, users }) => {
      const started = () => startAppTracing({ sampler, processors, through, traceId });
      await tapped.reset();
      stopAppTracing(); // a run that failed may have left its own
      const bare = started();
      const answersBare = await tapped.bare(() => work(parent, suppressed, users));
      stopAppTracing();
      expect(bare.callSpans()).toEqual([]);
      await tapped.reset();

      const metered = started();
      const answers = await work(parent, suppressed, users);
      stopAppTracing();
      const recorded = await tapped.receiver.waitFor("chat", users.length);
      const sum = (name: string) => recorded.reduce((total, span) => total + Number(span.attributes[name] ?? 0), 0);

      const { ledger } = tapped.provider;
      expect(recorded).toHaveLength(ledger.attempts);
      expect(sum("gen_ai.usage.input_tokens")).toBe(ledger.inputTokens);
      expect(sum("gen_ai.usage.output_tokens")).toBe(ledger.outputTokens);
      expect(answers).toEqual(answersBare);
      expect(shapesOf(metered.spans())).toEqual(shapesOf(bare.spans()));
    }),
    { numRuns: RUNS },
  );
});
