import { seededRandom } from "./answers/seeded-random.ts";

/**
 * What goes wrong with one call. The errors come before any work is done; a cut comes in the middle of a stream, either
 * before the usage chunk (work done, nothing reported) or after it was delivered (everything reported, then the line drops).
 */
export type Fault = "none" | "server_error" | "too_many_requests" | "cut_before_usage" | "cut_after_usage";

/** One call as the fault chooser sees it; `ordinal` counts the tenant's calls from 1. */
interface FaultableCall {
  readonly tenant: string;
  readonly ordinal: number;
  readonly stream: boolean;
}

export type ChooseFault = (call: FaultableCall) => Fault;

const STREAM_FAULTS = ["server_error", "too_many_requests", "cut_before_usage", "cut_after_usage"] as const;
const JSON_FAULTS = ["server_error", "too_many_requests"] as const;

/**
 * Faults spread over a share `rate` of the calls. A tenant's n-th call meets the same fault in every run, whatever the
 * other tenants do, and a retry is a new call, so that it can succeed.
 */
export function seededFaults(seed: string, rate: number): ChooseFault {
  return ({ tenant, ordinal, stream }) => {
    const random = seededRandom(`${seed}/fault/${tenant}/${ordinal}`);
    if (random() >= rate) return "none";
    const faults = stream ? STREAM_FAULTS : JSON_FAULTS;
    return faults[Math.floor(random() * faults.length)] ?? "none";
  };
}
