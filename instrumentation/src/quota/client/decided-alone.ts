import { perProcess } from "../../process/per-process.ts";

/** Decisions taken without the quota service, by all clients of the process. */
export const decidedAlone = perProcess("decided-alone", () => ({ failOpen: 0, failClosed: 0 }));
