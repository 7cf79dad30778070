import { z } from "zod";

interface Document {
  readonly paths: Record<
    string,
    Record<string, { requestBody?: DocumentedBody; responses: Record<string, DocumentedBody> }>
  >;
  readonly components: { readonly schemas: Record<string, { readonly examples?: readonly unknown[] }> };
}

interface DocumentedBody {
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

  /** Names of the schemas of all bodies, asked and answered, under a path. */
  bodiesUnder(prefix: string): string[] {
    const operations = Object.entries(this.#document.paths)
      .filter(([path]) => path.startsWith(prefix))
      .flatMap(([, methods]) => Object.values(methods));
    const bodies = operations.flatMap(({ requestBody, responses }) => [requestBody, ...Object.values(responses)]);
    return [...new Set(bodies.flatMap((body) => nameOf(body) ?? []))].toSorted();
  }

  examplesOf(name: string): readonly unknown[] {
    return this.#document.components.schemas[name]?.examples ?? [];
  }

  /** Whether a value is what a schema describes. */
  accepts(name: string, value: unknown): boolean {
    return this.#schema(name).safeParse(value).success;
  }

  /** Why an answer is not what the document says; null = it is, or the document does not speak of the request. */
  contradiction(method: string, path: string, status: number, body: unknown): string | null {
    const template = this.#templateOf(path);
    if (template === null || !METHODS.includes(method)) return null;
    const operation = this.#document.paths[template]?.[method];
    if (operation === undefined) return null;
    const answer = operation.responses[status];
    if (answer === undefined) return `${method} ${template} does not document ${status}`;
    const name = nameOf(answer);
    if (name === null) return body === undefined ? null : "a body where none is documented";
    const parsed = this.#schema(name).safeParse(body);
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

function nameOf(body: DocumentedBody | undefined): string | null {
  return body?.content?.["application/json"].schema.$ref.split("/").at(-1) ?? null;
}
