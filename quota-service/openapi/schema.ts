/** A JSON Schema 2020-12, as OpenAPI 3.1 uses it. */
export type Schema = Readonly<Record<string, unknown>>;

/** An object with exactly these fields, all there but the `optional` ones. */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", required, additionalProperties: false, properties };
}

export function array(items: Schema, bounds: Schema = {}): Schema {
  return { type: "array", items, ...bounds };
}

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: "string", enum: values };
}

/** A schema of the document by its name. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export const text: Schema = { type: "string" };
export const flag: Schema = { type: "boolean" };
export const figure: Schema = { type: "number" };
export const instant: Schema = { type: "string", format: "date-time" };
export const nanoUsd: Schema = { type: "string", pattern: "^-?[0-9]+$", description: "Nano-USD in decimal digits." };
