import { BUILT_IN_RESOURCES } from "@quotel/conventions";

/** Built-in resources that a tenant holds rather than uses up. */
const HELD: ReadonlySet<string> = new Set(["storage_bytes", "members", "channels"]);
const CONSUMED: ReadonlySet<string> = new Set(BUILT_IN_RESOURCES.filter((resource) => !HELD.has(resource)));

/** Whether a resource may have a level and amounts below 0: what is used up cannot be given back. */
export function canBeHeld(resource: string): boolean {
  return !CONSUMED.has(resource);
}
