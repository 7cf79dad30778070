import { ok, problem, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";

/** Judges a version of Node, `24.21.0` say. Pure. */
export function checkNodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 15)) {
    return problem("node", `Node ${version} is older than 22.15`, "install Node 24");
  }
  if (major < 24) {
    const found = `Node ${version} does not say when HTTP/2 clients and servers begin a request: those are not metered`;
    return warning("node", found, "install Node 24, or use HTTP/1.1 (of the AWS SDK: its NodeHttpHandler)");
  }
  return ok("node", `Node ${version}`);
}
