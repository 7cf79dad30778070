import type { Key, KeyKind } from "#database/keys/api-key";
import type { Answer } from "./answer.ts";
import type { ApiRequest } from "./request.ts";

interface Endpoint {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As in OpenAPI, e.g. `/v1/quota/reservations/{id}`. */
  readonly path: string;
}

/** One thing the API can do. The list of them is served, documented and tested from the same place. */
export type Route = Endpoint &
  (
    | {
        /** Anyone may call it. */
        readonly kinds: null;
        readonly handle: (req: ApiRequest) => Answer | Promise<Answer>;
      }
    | {
        /** Holders of these kinds of keys may call it. */
        readonly kinds: readonly KeyKind[];
        readonly handle: (req: ApiRequest, key: Key) => Answer | Promise<Answer>;
      }
  );
