import { perProcess } from "../../process/per-process.ts";
import type { PropagationSettings } from "./settings.ts";

/** How this process takes what other services say of tenants. */
interface Accepting {
  /** Null: it is not listened to. */
  settings: PropagationSettings | null;
  /** Headers that named no tenant: malformed, forged or expired. */
  refused: number;
}

export const accepting = perProcess<Accepting>("propagation", () => ({ settings: null, refused: 0 }));
