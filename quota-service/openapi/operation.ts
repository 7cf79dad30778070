import { ref } from "./schema.ts";
import type { Schema } from "./schema.ts";

/** What an operation is, in the few facts that differ from one to the next. */
export interface OperationFacts {
  readonly summary: string;
  /** Kinds of keys that may call it; null = anyone, without a key. */
  readonly keys: string | null;
  readonly parameters?: readonly Schema[];
  /** Name of the request body's schema. */
  readonly body?: string;
  readonly bodyRequired?: boolean;
  /** Status -> what it means, and the name of the body's schema (null: no body). */
  readonly answers: Readonly<Record<number, readonly [meaning: string, schema: string | null]>>;
}

const KEYED = {
  401: ["No key, or one that is unknown or revoked", "Error"],
  403: ["A key of the wrong kind, or one that does not speak for the tenant", "Error"],
  503: ["The database is away; try again", "Error"],
} as const;
const WITH_BODY = {
  413: ["The body is larger than 1 MiB", "Error"],
  415: ["The body is not called JSON", "Error"],
} as const;

/** An OpenAPI operation: the facts, and the answers that all operations of its sort share. */
export function operation(facts: OperationFacts): Schema {
  const answers: OperationFacts["answers"] = {
    ...(facts.keys !== null && KEYED),
    ...(facts.body !== undefined && WITH_BODY),
    500: ["Something went wrong on our side", "Error"],
    ...facts.answers,
  };
  return {
    summary: facts.summary,
    ...(facts.keys === null
      ? { security: [] }
      : { security: [{ key: [] }], description: `Takes a key of kind ${facts.keys}.` }),
    ...(facts.parameters !== undefined && { parameters: facts.parameters }),
    ...(facts.body !== undefined && {
      requestBody: { required: facts.bodyRequired ?? true, content: json(facts.body) },
    }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, [description, schema]]) => [
        status,
        { description, ...(schema !== null && { content: json(schema) }) },
      ]),
    ),
  };
}

/** A parameter of the path. */
export function pathParam(name: string, schema: string): Schema {
  return { name, in: "path", required: true, schema: ref(schema) };
}

/** A parameter of the query, never required. */
export function queryParam(name: string, schema: Schema, description?: string): Schema {
  return { name, in: "query", schema, ...(description !== undefined && { description }) };
}

function json(schema: string): Schema {
  return { "application/json": { schema: ref(schema) } };
}
