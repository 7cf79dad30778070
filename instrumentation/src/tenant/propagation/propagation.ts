import type { PropagationSettings } from "./settings.ts";
import { carryByFetch } from "./outgoing/carry-by-fetch.ts";
import { carryByNodeHttp } from "./outgoing/carry-by-node-http.ts";

/**
 * Tells the hosts of the settings whom the requests to them are for. Returns a function that ends that. What comes in is judged
 * by `propagatedTenant`. A reservation does not travel: it is closed at what its own process has seen when that has ended, so
 * usage of another service could come too late for it. Each service reserves for its own work.
 */
export function installPropagation(settings: PropagationSettings): () => void {
  const ends = [carryByFetch(settings), carryByNodeHttp(settings)];
  return () => {
    for (const end of ends) end();
  };
}
