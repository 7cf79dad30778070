import { subscribe, unsubscribe } from "node:diagnostics_channel";

type Listener = (message: unknown) => void;

/**
 * Listens to diagnostics channels; the function it returns stops that. A listener never throws into the app: Node would make it
 * an uncaught exception.
 */
export function subscribeAll(listeners: Readonly<Record<string, Listener>>): () => void {
  const guarded = Object.entries(listeners).map(([channel, listener]) => [channel, withoutThrowing(listener)] as const);
  for (const [channel, listener] of guarded) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of guarded) unsubscribe(channel, listener);
  };
}

/** Why a request ended that got no answer and no error: the app gave it up. */
export const GIVEN_UP = Object.assign(new Error("given up before an answer"), { name: "AbortError" });

function withoutThrowing(listener: Listener): Listener {
  return (message) => {
    try {
      listener(message);
    } catch {
      // an unmetered call is better than a broken one
    }
  };
}
