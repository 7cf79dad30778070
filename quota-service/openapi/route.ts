import { ok } from "../http/answer.ts";
import type { Route } from "../http/route.ts";
import { adminSchemas } from "./admin-schemas.ts";
import { commonSchemas } from "./common-schemas.ts";
import { paths } from "./paths.ts";
import { quotaExamples } from "./quota-examples.ts";
import { quotaSchemas } from "./quota-schemas.ts";
import { ref } from "./schema.ts";
import type { Schema } from "./schema.ts";
import { usageSchemas } from "./usage-schemas.ts";

const schemas: Readonly<Record<string, Schema>> = {
  ...commonSchemas,
  ...adminSchemas,
  ...quotaSchemas,
  ...usageSchemas,
  DenialOrError: { anyOf: [ref("ReservationDecision"), ref("Error")] },
  AdminUsage: { anyOf: [ref("AdminTenantUsage"), ref("AdminUsageSummary")] },
};
const examples: Readonly<Record<string, readonly unknown[]>> = quotaExamples;

/** The API as OpenAPI 3.1. */
const document = {
  openapi: "3.1.0",
  info: {
    title: "quotel quota service",
    version: "0.1.0",
    description: "Decisions, reservations and usage. Every error is {error: {code, message, details}}.",
  },
  paths,
  components: {
    securitySchemes: { key: { type: "http", scheme: "bearer" } },
    schemas: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [
        name,
        name in examples ? { ...schema, examples: examples[name] } : schema,
      ]),
    ),
  },
};

/** `GET /openapi.json`. */
export const openapiRoute: Route = {
  method: "get",
  path: "/openapi.json",
  kinds: null,
  handle: () => ok(document),
};
