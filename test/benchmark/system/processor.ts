import { cpus } from "node:os";

/** Starts a watch over the machine's processors; what it returns says which share of all of them (0..1) was busy since. */
export function watchProcessors(): () => number {
  const before = processorTime();
  return () => {
    const now = processorTime();
    return (now.busyMs - before.busyMs) / (now.totalMs - before.totalMs);
  };
}

function processorTime(): { readonly busyMs: number; readonly totalMs: number } {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const { user, nice, sys, idle, irq } = times;
    busyMs += user + nice + sys + irq;
    totalMs += user + nice + sys + irq + idle;
  }
  return { busyMs, totalMs };
}
