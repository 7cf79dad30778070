/**
 * An app that tests kill: `POST /<tenant>` says usage, a level and an audit event of the tenant's by hand, and is answered
 * some milliseconds later, so that a spool and not a flood is what a kill meets.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { changeLevel, recordUsage, setTenant } from "@quotel/instrumentation";
import { recordAudit } from "@quotel/instrumentation/audit";

const ANSWER_AFTER_MS = 10;

const server = createServer((request, response) => {
  const tenant = (request.url ?? "/").slice(1);
  setTenant(tenant);
  recordUsage({ resource: "agent_minutes", amount: 3 });
  changeLevel(tenant, "channels", 2);
  recordAudit(tenant, "team.joined");
  setTimeout(() => response.end("said"), ANSWER_AFTER_MS);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
