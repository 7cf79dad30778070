import { randomInteger, seededRandom, type Random } from "../provider/answers/seeded-random.ts";

/** One tenant of the demo and how much it talks. */
export interface TenantTraffic {
  readonly tenantId: string;
  readonly plan: string;
  readonly calls: number;
  /** Calls it has open at the same time. */
  readonly concurrency: number;
}

/** What a tenant's users saw. */
export interface TrafficOutcome {
  readonly calls: number;
  /** Refused because of the plan. */
  readonly denied: number;
  /** Failed because the provider did, even after the SDK's retries, or in the middle of a stream. */
  readonly providerFailures: number;
}

type CallOutcome = "answered" | "denied" | "provider_failure" | "left";
interface Call {
  readonly path: "/chat" | "/chat/stream" | "/embed";
  readonly body: object;
  /** The user goes away as soon as the answer begins. */
  readonly leaves?: boolean;
}

const MAX_TOKENS = 200;
const WORDS =
  "please explain how usage metering keeps the größte Summe exact — even when 日本語 text, retries and cuts get in the way".split(
    " ",
  );

/**
 * Sends a tenant's calls; `onCall` is told of each that has ended. Rejects where the app answers what it never should, and
 * when `signal` ends the traffic.
 */
export async function runTraffic(
  appUrl: string,
  tenant: TenantTraffic,
  seed: string,
  signal: AbortSignal,
  onCall: () => void,
): Promise<TrafficOutcome> {
  const random = seededRandom(`${seed}/traffic/${tenant.tenantId}`);
  const calls = Array.from({ length: tenant.calls }, (_, index) => makeCall(random, index));
  const queue = calls.values();
  const outcomes: CallOutcome[] = [];
  const user = async (): Promise<void> => {
    for (const call of queue) {
      outcomes.push(await send(appUrl, tenant.tenantId, call, signal));
      onCall();
    }
  };
  await Promise.all(Array.from({ length: tenant.concurrency }, user));
  const count = (wanted: CallOutcome): number => outcomes.filter((outcome) => outcome === wanted).length;
  return { calls: outcomes.length, denied: count("denied"), providerFailures: count("provider_failure") };
}

/** Of ten calls five are streamed chats, four are chats and one is an embedding; every tenth stream loses its reader. */
function makeCall(random: Random, index: number): Call {
  const words = Array.from(
    { length: randomInteger(random, 30, 150) },
    () => WORDS[randomInteger(random, 0, WORDS.length - 1)],
  );
  const text = `${index}: ${words.join(" ")}`;
  if (index % 10 === 9) return { path: "/embed", body: { input: text } };
  const body = { messages: [{ role: "user", content: text }], max_tokens: MAX_TOKENS };
  return index % 2 === 0 ? { path: "/chat/stream", body, leaves: index % 20 === 4 } : { path: "/chat", body };
}

async function send(
  appUrl: string,
  tenantId: string,
  { path, body, leaves }: Call,
  signal: AbortSignal,
): Promise<CallOutcome> {
  const answer = await fetch(new URL(path, appUrl), {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": tenantId },
    body: JSON.stringify(body),
    signal,
  });
  if (answer.status === 200 && leaves) {
    await answer.body?.getReader().cancel();
    return "left";
  }
  const text = await answer.text();
  if (answer.status === 200) return text.includes("event: error\n") ? "provider_failure" : "answered";
  if (answer.status === 429 && text.includes("USAGE_LIMIT_EXCEEDED")) return "denied";
  if (answer.status === 502) return "provider_failure";
  throw new Error(`POST ${path} of ${tenantId} was answered with ${answer.status}: ${text}`);
}
