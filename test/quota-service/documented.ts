import { z } from "zod";

interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, DocumentedAnswer> }>>;
  readonly components: { readonly schemas: Record<string, object> };
}

interface DocumentedAnswer {
  readonly content?: { readonly "application/json": { readonly schema: { readonly $ref: string } } };
}

/** Methods that OpenAPI has for a path; anything else is a mistake no document describes. */
const METHODS = ["get", "post", "put", "patch", "delete"];

/** What a service says of itself in its `/openapi.json`. */
export class Documented {
  readonly #document: Document;
  readonly #schemas = new Map<string, z.ZodType>();

  constructor(document: unknown) {
    this.#document = document as Document;
  }

  /** `METHOD path` of every operation. */
  operations(): string[] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  }

  /** Why an answer is not what the document says; null = it is, or the document does not speak of the request. */
  contradiction(method: string, path: string, status: number, body: unknown): string | null {
    const template = this.#templateOf(path);
    if (template === null || !METHODS.includes(method)) return null;
    const operation = this.#document.paths[template]?.[method];
    if (operation === undefined) return null;
    const answer = operation.responses[status];
    if (answer === undefined) return `${method} ${template} does not document ${status}`;
    const reference = answer.content?.["application/json"].schema.$ref;
    if (reference === undefined) return body === undefined ? null : "a body where none is documented";
    const parsed = this.#schema(reference.split("/").at(-1) ?? "").safeParse(body);
    return parsed.success ? null : `${method} ${template} ${status}: ${z.prettifyError(parsed.error)}`;
  }

  #templateOf(path: string): string | null {
    const templates = Object.keys(this.#document.paths);
    return templates.find((template) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path)) ?? null;
  }

  #schema(name: string): z.ZodType {
    const known = this.#schemas.get(name);
    if (known !== undefined) return known;
    const local = { $ref: `#/$defs/${name}`, $defs: this.#document.components.schemas };
    const text = JSON.stringify(local).replaceAll("#/components/schemas/", "#/$defs/");
    const schema = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
    this.#schemas.set(name, schema);
    return schema;
  }
}
