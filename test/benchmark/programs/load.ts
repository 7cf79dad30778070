/** Sends the loads its parent asks for; ends when the parent lets go. */
import { generateLoad } from "../load/generate-load.ts";
import type { Load } from "../load/load.ts";

process.on("message", (load: Load) => {
  generateLoad(load).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
