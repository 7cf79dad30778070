import { parseFields } from "../formats/fields.ts";
import type { Fields } from "../formats/fields.ts";

/**
 * The fields of a fetch's body: of its JSON object, or the texts of its form. Null where it has none or cannot be read without
 * consuming it (a stream). A promise only for a `Request` object, whose body has to be copied.
 */
export function requestFields([input, init]: Parameters<typeof fetch>): Fields | null | Promise<Fields | null> {
  if (init?.body !== undefined && init.body !== null) return fieldsOfBody(init.body);
  return input instanceof Request ? fieldsOfRequest(input) : null;
}

function fieldsOfBody(body: unknown): Fields | null {
  if (typeof body === "string") return parseFields(body);
  if (body instanceof Uint8Array || body instanceof ArrayBuffer) {
    return parseFields(Buffer.from(body as Uint8Array).toString("utf8"));
  }
  return body instanceof FormData ? textsOf(body) : null;
}

async function fieldsOfRequest(request: Request): Promise<Fields | null> {
  try {
    const copy = request.clone();
    const isForm = /^multipart\/form-data\b/i.test(request.headers.get("content-type") ?? "");
    return isForm ? textsOf(await copy.formData()) : parseFields(await copy.text());
  } catch {
    return null; // used already, or aborted: fetch itself will say so
  }
}

function textsOf(form: FormData): Fields {
  return Object.fromEntries([...form].filter(([, value]) => typeof value === "string"));
}
