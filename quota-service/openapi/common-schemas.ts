import { AMOUNT_MAX, RESERVATION_ID_PATTERN, RESOURCE_PATTERN, TENANT_ID_PATTERN } from "@quotel/conventions";
import { figure, flag, object, oneOf } from "./schema.ts";
import type { Schema } from "./schema.ts";

/** What the parts of the API share. */
export const commonSchemas: Readonly<Record<string, Schema>> = {
  TenantId: { type: "string", pattern: TENANT_ID_PATTERN.source },
  Resource: { type: "string", pattern: RESOURCE_PATTERN.source },
  ReservationId: {
    type: "string",
    pattern: RESERVATION_ID_PATTERN.source.replaceAll("a-f", "A-Fa-f").replace("[89ab]", "[89abAB]"),
    description: "A UUID chosen by the caller (version 7 is best): the idempotency key.",
  },
  Amount: { type: "integer", minimum: 0, maximum: AMOUNT_MAX },
  AmountOnWire: {
    anyOf: [{ type: "integer" }, { type: "string", pattern: "^-?[0-9]+$" }],
    description: "An integer; for cost, nano-USD in decimal digits.",
  },
  Limit: { type: ["integer", "null"], description: "Null = unlimited." },
  Percentage: { type: ["number", "null"] },
  Error: object({
    error: object(
      {
        code: { type: "string", description: "Stable, for programs." },
        message: { type: "string", description: "For people." },
        details: { description: "Of a 400: a list of {path, message}, one for each field at fault." },
      },
      ["details"],
    ),
  }),
  Health: object({ status: oneOf("ok") }),
  Readiness: object({ status: oneOf("ready", "unready"), checks: object({ database: flag, plans: flag }) }),
  Document: { type: "object" },
  Milliseconds: { ...figure, minimum: 0 },
};
