import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A received span, its attributes as plain values. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly statusCode: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** What the next request is answered with instead of 200. */
interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A metric or a log record as it is on the wire. */
export type ReceivedItem = Readonly<Record<string, unknown>>;

/** A real HTTP server that accepts OTLP/JSON and keeps what it acknowledged. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly metrics: ReceivedItem[];
  readonly logs: ReceivedItem[];
  readonly requests: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly spans: number }[];
  /** Decides about a request, by the ids of its spans and its path, before it is accepted; null = accept. */
  script: (spanIds: readonly string[], path: string) => ScriptedAnswer | null;
  of(eventType: string): ReceivedSpan[];
  /** Waits until `count` spans of the type are here. */
  waitFor(eventType: string, count: number): Promise<ReceivedSpan[]>;
  close(): Promise<void>;
}

interface WireSpan extends Omit<ReceivedSpan, "attributes" | "statusCode"> {
  readonly status?: { readonly code?: number };
  readonly attributes: readonly {
    key: string;
    value: { stringValue?: string; intValue?: string; boolValue?: boolean };
  }[];
}

/** Starts one, on `port` or a free one. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedItem[] = [];
  const logs: ReceivedItem[] = [];
  const requests: OtlpReceiver["requests"] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (part: string) => (body += part));
    req.on("end", () => {
      const received = req.url === "/v1/traces" ? decode(body) : [];
      requests.push({ headers: req.headers, body, spans: received.length });
      const answer = receiver.script(
        received.map((span) => span.spanId),
        req.url ?? "",
      );
      if (answer === null) {
        spans.push(...received);
        if (req.url === "/v1/metrics") metrics.push(...itemsIn(body, "metrics"));
        if (req.url === "/v1/logs") logs.push(...itemsIn(body, "logRecords"));
      }
      res
        .writeHead(answer?.status ?? 200, { "content-type": "application/json", ...answer?.headers })
        .end(JSON.stringify(answer?.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));

  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics,
    logs,
    requests,
    script: () => null,
    of: (eventType) => spans.filter((span) => span.attributes["quotel.event.type"] === eventType),
    async waitFor(eventType, count) {
      for (let waited = 0; receiver.of(eventType).length < count; waited += 10) {
        if (waited > 8_000) throw new Error(`${receiver.of(eventType).length} of ${count} ${eventType} spans arrived`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return receiver.of(eventType);
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections(); // after `close`: one accepted in between would keep the server up
      return closed;
    },
  };
  return receiver;
}

/** All items of a request, whatever its resources and scopes. */
function itemsIn(body: string, name: "metrics" | "logRecords"): ReceivedItem[] {
  type Scope = { [key in typeof name]?: ReceivedItem[] };
  const request = JSON.parse(body) as Record<string, { scopeMetrics?: Scope[]; scopeLogs?: Scope[] }[]>;
  const scopes = Object.values(request)
    .flat()
    .flatMap(({ scopeMetrics, scopeLogs }) => scopeMetrics ?? scopeLogs ?? []);
  return scopes.flatMap((scope) => scope[name] ?? []);
}

function decode(body: string): ReceivedSpan[] {
  const request = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: WireSpan[] }[] }[] };
  return request.resourceSpans.flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) =>
      scope.spans.map(({ status, attributes, ...span }) => ({
        ...span,
        statusCode: status?.code ?? 0,
        attributes: Object.fromEntries(
          attributes.map(({ key, value }) => [key, value.stringValue ?? value.boolValue ?? Number(value.intValue)]),
        ),
      })),
    ),
  );
}
