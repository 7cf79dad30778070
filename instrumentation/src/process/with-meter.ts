import type { Meter } from "../metering/meter.ts";
import { metering } from "./metering.ts";
import { warnOnce } from "./warn.ts";

/**
 * Records something an app has said by hand. That must not hurt the app, whatever it has said (I11): a problem that `record`
 * returns or throws, and that nothing is installed, is told once per `call` and process.
 */
export function withMeter(call: string, record: (meter: Meter) => string | null): void {
  const { meter } = metering();
  if (meter === null) {
    warnOnce(
      "QUOTEL_NOT_INSTALLED",
      `${call} records nothing: start the app with --import @quotel/instrumentation/register`,
    );
    return;
  }
  let problem: string | null;
  try {
    problem = record(meter);
  } catch (err) {
    problem = String(err);
  }
  if (problem !== null) warnOnce(`QUOTEL_NOT_RECORDED ${call}`, `${call} was ignored: ${problem}`);
}
