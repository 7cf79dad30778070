import { setImmediate } from "node:timers/promises";
import type { Ingest } from "../receive/endpoint.ts";

/**
 * Makes pipelines begin one request in a turn of the event loop, all of them together. Reading a request is milliseconds
 * of work in which nothing is heard; senders whose requests were committed together send their next ones together; and a
 * commit is several statements, each sent when the one before it has been answered. Read in one go, those requests would
 * keep the database waiting: in turns, its answers are heard in between.
 *
 * @returns what makes a pipeline one of them
 */
export function oneATurn(): (ingest: Ingest) => Ingest {
  let last = Promise.resolve();
  return (ingest) =>
    async (...request) => {
      last = last.then(() => setImmediate());
      await last;
      return ingest(...request);
    };
}
