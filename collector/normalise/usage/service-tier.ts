import { SLOT, type Slots } from "./attributes/slots.ts";

const LENGTH_MAX = 64;

/** What the provider charged by (`priority`, `flex`, `default`, ...), in lower case; null = nobody said. */
export function serviceTierOf(slots: Slots): string | null {
  const answered = slots.label(SLOT.serviceTier);
  if (answered !== null) return answered.toLowerCase().slice(0, LENGTH_MAX);
  const asked = slots.label(SLOT.requestedTier)?.toLowerCase().slice(0, LENGTH_MAX) ?? null;
  // Who asks for `auto` leaves the choice to the provider.
  return asked === "auto" ? null : asked;
}
