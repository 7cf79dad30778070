import { createHttpSender } from "../../process/http-sender.ts";
import { ok, problem, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";

const TIMEOUT_MS = 5_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** Asks the quota service whether a tenant nobody has may use nothing: under a service key it answers, and changes nothing. */
export async function checkQuotaService(env: Environment): Promise<Finding> {
  const address = env["QUOTEL_QUOTA_URL"] || "http://localhost:4320";
  const key = env["QUOTEL_SERVICE_KEY"];
  if (!key) return ok("quota", "QUOTEL_SERVICE_KEY is not set: usage is metered, limits are not asked for");
  if (!URL.canParse(address)) {
    return problem("quota", `QUOTEL_QUOTA_URL is no URL: ${address}`, "set it to where the quota service is");
  }
  const sender = createHttpSender({ background: false });
  const answer = await sender.send({
    url: new URL("/v1/quota/check", address),
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: '{"tenantId":"quotel-doctor","resource":"api_calls","amount":0}',
    timeoutMs: TIMEOUT_MS,
  });
  sender.close();
  if (answer.kind === "unreachable") {
    const found = `nobody answers at ${address} (${answer.reason})`;
    return problem("quota", found, "start the quota service (npm start), or set QUOTEL_QUOTA_URL to where it is");
  }
  const { status } = answer;
  // 404: it has no default plan, and so no such tenant.
  if (status === 200 || status === 404) return ok("quota", `the quota service at ${address} answers under this key`);
  if (status === 401 || status === 403) {
    const found = `the quota service at ${address} refuses the key`;
    return problem("quota", found, "set QUOTEL_SERVICE_KEY to a key of kind service (npm run keys)");
  }
  return warning("quota", `the quota service at ${address} answers ${status}`, "look at its /readyz and its log");
}
