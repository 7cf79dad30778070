/**
 * When the dates of a zone begin, by another way than the code under test: the zone's changes of offset are searched with
 * Intl, and everything else is integer arithmetic on them. Holds for 2024 to 2032.
 */

export const FIRST_MS = Date.UTC(2024, 0, 1);
export const LAST_MS = Date.UTC(2033, 0, 1);
const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** Shorter than the time between any two changes of a zone: they are some weeks apart at least. */
const STEP_MS = 7 * DAY_MS;
/** Periods reach beyond the years by up to a month. */
const MARGIN_MS = 70 * DAY_MS;

/** From `fromMs` to the next one's, local time is UTC plus `offsetMs`. */
interface Segment {
  readonly fromMs: number;
  readonly offsetMs: number;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export class ZoneOracle {
  readonly #segments: readonly Segment[];

  constructor(zone: string) {
    this.#segments = segmentsOf(zone);
  }

  /** The instants at which the offset changes: DST begins or ends, or the zone was moved. */
  get changesMs(): readonly number[] {
    return this.#segments.slice(1).map(({ fromMs }) => fromMs);
  }

  /** The local date at an instant, as the UTC midnight of that date. */
  dateAt(atMs: number): number {
    const { offsetMs } = this.#segments.findLast(({ fromMs }) => fromMs <= atMs)!;
    return Math.floor((atMs + offsetMs) / DAY_MS) * DAY_MS;
  }

  /** The day that holds the instant. */
  dayAt(atMs: number): Span {
    const date = this.dateAt(atMs);
    return { startMs: this.#startOf(date), endMs: this.#startOf(date + DAY_MS) };
  }

  /** The month period that holds the instant, of months that begin on the anchor day or on their last. */
  monthAt(atMs: number, anchorDay: number): Span {
    const local = new Date(this.dateAt(atMs));
    const starts = [-1, 0, 1, 2].map((months) =>
      this.#startOf(anchorDate(local.getUTCFullYear(), local.getUTCMonth() + months, anchorDay)),
    );
    const next = starts.findIndex((startMs) => startMs > atMs);
    return { startMs: starts[next - 1]!, endMs: starts[next]! };
  }

  /** The first instant whose local date is this one: of all offsets that reach the date, the earliest. */
  #startOf(date: number): number {
    const instants = this.#segments.flatMap(({ fromMs, offsetMs }, index) => {
      const untilMs = this.#segments[index + 1]?.fromMs ?? Infinity;
      const firstMs = Math.max(fromMs, date - offsetMs);
      return firstMs < Math.min(untilMs, date + DAY_MS - offsetMs) ? [firstMs] : [];
    });
    return Math.min(...instants);
  }
}

/** The anchor day of a month, or the month's last day where it is shorter. */
function anchorDate(year: number, month: number, anchorDay: number): number {
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(anchorDay, lastDay));
}

function segmentsOf(zone: string): Segment[] {
  const offsetAt = offsetReader(zone);
  const segments: Segment[] = [{ fromMs: -Infinity, offsetMs: offsetAt(FIRST_MS - MARGIN_MS) }];
  for (let atMs = FIRST_MS - MARGIN_MS; atMs < LAST_MS + MARGIN_MS; atMs += STEP_MS) {
    const before = segments.at(-1)!.offsetMs;
    if (offsetAt(atMs + STEP_MS) === before) continue;
    // Between these two, the first minute of another offset.
    let [same, other] = [atMs, atMs + STEP_MS];
    while (other - same > MINUTE_MS) {
      const middle = same + Math.floor((other - same) / 2 / MINUTE_MS) * MINUTE_MS;
      if (offsetAt(middle) === before) same = middle;
      else other = middle;
    }
    segments.push({ fromMs: other, offsetMs: offsetAt(other) });
  }
  return segments;
}

/** The zone's offset at an instant, from what Intl says the clock there shows. */
function offsetReader(zone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (atMs) => {
    const [month, day, year, hour, minute, second] = format.format(atMs).match(/\d+/g)!.map(Number);
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
  };
}
