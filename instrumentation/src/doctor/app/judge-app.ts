import { ok, problem, warning } from "../finding.ts";
import type { Finding } from "../finding.ts";
import type { Observation, ObservedHost } from "./observation.ts";

/** What the observations of an app's processes mean. `spooled`: whether what is not delivered waits on the disk. Pure. */
export function judgeApp(observations: readonly Observation[], spooled: boolean): Finding[] {
  if (observations.length === 0) {
    return [problem("app", "no process of Node ran", "give the command that starts the app after --")];
  }
  // npm and other launchers are processes of Node, too.
  const apps = observations.filter(
    ({ ports, hosts, requests }) => ports.length > 0 || hosts.length > 0 || requests.seen > 0,
  );
  const told = apps.length > 0 ? apps : [observations.at(-1)!];
  return told.flatMap((app) => [
    judgeStart(app),
    ...judgeRequests(app),
    ...app.hosts.map(judgeHost),
    ...judgeDelivery(app, spooled),
    ...app.warnings.map((text) => warning("told", text, "it was told on stderr, once")),
  ]);
}

function judgeStart({ script, registersItself }: Observation): Finding {
  const name = script ?? "the app";
  return registersItself
    ? ok("start", `${name} loads register before anything else`)
    : warning(
        "start",
        `${name} does not load register by itself: it was loaded for this run`,
        "start it with node --import @quotel/instrumentation/register",
      );
}

function judgeRequests({ ports, requests }: Observation): Finding[] {
  const { seen, metered, withoutTenant } = requests;
  if (ports.length === 0 && seen === 0) return [ok("requests", "it listens on no port")];
  const where = `it listens on ${ports.join(", ")}`;
  if (seen === 0) return [warning("requests", `${where}, and no request came`, "send it one while the doctor watches")];
  const findings = [ok("requests", `${where}; ${metered} of ${seen} requests were recorded`)];
  if (withoutTenant > 0) {
    const found = `${withoutTenant} of ${metered} requests had no tenant: their usage is nobody's`;
    findings.push(warning("tenants", found, "set QUOTEL_TENANT_HEADER, or call setTenant or setTenantResolver"));
  } else if (metered > 0) findings.push(ok("tenants", "every request had a tenant"));
  return findings;
}

function judgeHost({ host, calls, metered, leftOut, client }: ObservedHost): Finding {
  const name = client === null ? host : `${host} (${client})`;
  if (leftOut) return ok("calls", `${name}: ${calls} calls, left out by QUOTEL_METER_HOSTS`);
  if (metered >= calls) return ok("calls", `${name}: all ${calls} calls are metered`);
  const found = `${name}: ${metered} of ${calls} calls are metered`;
  return problem(
    "calls",
    found,
    "let the client use Node's fetch (fetch: globalThis.fetch) or node:http, and load register first",
  );
}

function judgeDelivery({ counters }: Observation, spooled: boolean): Finding[] {
  if (counters === null) return [problem("delivery", "nothing is metered in it", "see the settings above")];
  const { recorded, acknowledged, dropped } = counters;
  if (dropped > 0) {
    const found = `${dropped} of ${recorded} records found no room and are lost`;
    return [problem("delivery", found, "see to it that the collector can be reached and the spool be written")];
  }
  if (acknowledged < recorded) {
    if (!spooled) {
      const found = `${recorded - acknowledged} of ${recorded} records were not delivered and are lost with the process`;
      return [problem("delivery", found, "let the collector be reached, and do not switch the spool off")];
    }
    const found = `${recorded - acknowledged} of ${recorded} records were not delivered yet`;
    return [warning("delivery", found, "they are in the spool, and the next process delivers them")];
  }
  return recorded === 0 ? [] : [ok("delivery", `all ${recorded} records were delivered`)];
}
