import type { Request, Response } from "express";
import type { Key, KeyKind } from "#database/keys/api-key";

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
        readonly handle: (req: Request, res: Response) => void | Promise<void>;
      }
    | {
        /** Holders of these kinds of keys may call it. */
        readonly kinds: readonly KeyKind[];
        readonly handle: (req: Request, res: Response, key: Key) => void | Promise<void>;
      }
  );

/** A parameter of the path, by its name in the template. */
export function pathParameter(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === "string" ? value : "";
}
