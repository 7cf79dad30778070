import { createHttpSender } from "../../process/http-sender.ts";
import type { HttpResult } from "../../process/http-sender.ts";
import { ok, problem, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";

const TIMEOUT_MS = 5_000;
/** The `Date` field has whole seconds. */
const SKEW_SECONDS_MAX = 2;

/** Sends the collector an export of nothing, under the key: all that a real one meets, and nothing is stored. */
export async function checkCollector(endpoint: URL, ingestKey: string | null): Promise<Finding[]> {
  const sender = createHttpSender({ background: false });
  const url = new URL(`${endpoint.pathname.replace(/\/$/, "")}/v1/traces`, endpoint);
  const answer = await sender.send({
    url,
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(ingestKey !== null && { authorization: `Bearer ${ingestKey}` }),
    },
    body: '{"resourceSpans":[]}',
    timeoutMs: TIMEOUT_MS,
  });
  sender.close();
  return [judgeAnswer(answer, url, ingestKey), ...judgeClock(answer, Date.now())];
}

function judgeAnswer(answer: HttpResult, url: URL, ingestKey: string | null): Finding {
  const at = url.origin;
  if (answer.kind === "unreachable") {
    const found = `nobody answers at ${at} (${answer.reason})`;
    return problem("collector", found, "start the collector (npm start), or set QUOTEL_ENDPOINT to where it is");
  }
  const { status } = answer;
  if (status === 200) return ok("collector", `the collector at ${at} takes usage under this key`);
  if (status === 401) {
    return ingestKey === null
      ? problem("collector", `the collector at ${at} wants a key`, "set QUOTEL_INGEST_KEY to a key of kind ingest")
      : problem(
          "collector",
          `the collector at ${at} does not know the key`,
          "set QUOTEL_INGEST_KEY to a key of kind ingest that is not revoked (npm run keys)",
        );
  }
  if (status === 403) {
    return problem(
      "collector",
      `the key is not one for sending usage`,
      "set QUOTEL_INGEST_KEY to a key of kind ingest (npm run keys)",
    );
  }
  if (status === 429 || status >= 500) {
    const found = `the collector at ${at} answers ${status}: it is there and takes nothing at the moment`;
    return warning("collector", found, "look at its /readyz and its log; usage waits in the spool meanwhile");
  }
  const found = `${at} answers ${status}, which no OTLP receiver does`;
  return problem("collector", found, "set QUOTEL_ENDPOINT to the collector's address, without /v1/traces");
}

function judgeClock(answer: HttpResult, nowMs: number): Finding[] {
  const theirs = answer.kind === "answered" ? Date.parse(answer.headers.date ?? "") : NaN;
  if (Number.isNaN(theirs)) return [];
  const seconds = Math.round((nowMs - theirs) / 1000);
  if (Math.abs(seconds) <= SKEW_SECONDS_MAX) return [ok("clock", "this clock and the collector's agree")];
  const found = `this clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} the collector's`;
  return [warning("clock", found, "synchronise it (NTP): usage is counted in the period of its own time")];
}
