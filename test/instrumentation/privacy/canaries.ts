/** What an app's users, its prompts and its providers say: each a word of its own, to be found wherever it gets to. */
function words<const Place extends string>(...places: readonly Place[]): Readonly<Record<Place, string>> {
  return Object.fromEntries(places.map((place) => [place, `canary-${place}-8c41`])) as Record<Place, string>;
}

/** In requests to the app. */
export const ASKED = words(
  "query",
  "cookie",
  "credential",
  "header",
  "body",
  "upload",
  "filename",
  "mount",
  "param",
  "wild",
);

/** In requests of the app to its providers. */
export const SENT = words(
  "prompt",
  "system",
  "tool-description",
  "tool-result",
  "end-user",
  "api-key",
  "custom-header",
  "query-key",
  "embedded",
  "audio",
  "audio-filename",
  "audio-prompt",
  "stop-word",
);

/** In what providers answer. */
export const ANSWERED = words(
  "completion",
  "tool-argument",
  "reasoning",
  "refusal",
  "transcript",
  "answer-header",
  "error-message",
  "error-param",
  "stream-error",
);

/** In errors of the app's own. */
export const FAILED = words("thrown", "abort-reason", "failure", "user-id", "bad-tenant");
