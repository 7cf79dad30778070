import { z } from "zod";
import { invalidRequest } from "./refusal.ts";
import type { FieldProblem, Parsed } from "./refusal.ts";

/** Values by a schema, or a 400 that names every field at fault and why. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): Parsed<z.output<Schema>> {
  const parsed = schema.safeParse(input, { error: messageOf });
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, refusal: invalidRequest(parsed.error.issues.flatMap(problemsOf)) };
}

/** As `parse`, for a body, which must be a JSON object. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): Parsed<z.output<Schema>> {
  return isObject(body) ? parse(schema, body) : { ok: false, refusal: NOT_AN_OBJECT };
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NOT_AN_OBJECT = invalidRequest([{ path: "", message: "The body must be a JSON object" }]);

/** Plain words for what zod finds; a schema's own message goes first. */
const messageOf: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "invalid_type") {
    return issue.input === undefined ? "is required" : `must be ${nameOf(issue.expected)}`;
  }
  if (issue.code === "invalid_value") {
    return `${issue.input === undefined ? "is required:" : "must be"} one of ${issue.values.join(", ")}`;
  }
  if (issue.code === "too_small") return bound(issue.origin, "at least", issue.minimum);
  if (issue.code === "too_big") return bound(issue.origin, "at most", issue.maximum);
  return undefined;
};

function problemsOf(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code !== "unrecognized_keys") return [{ path: z.core.toDotPath(issue.path), message: issue.message }];
  return issue.keys.map((key) => ({ path: z.core.toDotPath([...issue.path, key]), message: "is not a known field" }));
}

function nameOf(expected: string): string {
  if (expected === "int") return "a whole number";
  return /^[aeio]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function bound(origin: string, relation: string, value: number | bigint): string {
  return origin === "array" ? `must have ${relation} ${value} entries` : `must be ${relation} ${value}`;
}
