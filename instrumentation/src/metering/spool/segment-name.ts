import { SIGNALS } from "../signal.ts";
import type { Signal } from "../signal.ts";

const SEGMENT = /\.([a-z]+)\.spool$/;

/** A segment's file name. Names sort by number; the signal is in it, and not in the file, which a disk may damage. */
export function segmentName(number: number, signal: Signal): string {
  return `${String(number).padStart(8, "0")}.${signal}.spool`;
}

/** The signal whose items a file holds; null = it is no segment. */
export function signalOfSegment(name: string): Signal | null {
  const named = SEGMENT.exec(name)?.[1];
  return SIGNALS.find((signal) => signal === named) ?? null;
}
