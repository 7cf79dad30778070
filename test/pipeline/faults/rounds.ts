import { randomInt } from "node:crypto";

/** How much more than in CI: 1 takes about a minute for all of this folder, 20 a coffee break. */
export const ROUNDS = Number(process.env["QUOTEL_FAULT_ROUNDS"] ?? 1);

/** Of what is left to chance. A failure names it; the same one again makes the same choices. */
export const SEED = Number(process.env["QUOTEL_FAULT_SEED"] ?? randomInt(2 ** 31));
