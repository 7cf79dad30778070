/** The two encodings of OTLP/HTTP. A request's answer, error or not, has the encoding of the request. */
export type Encoding = "protobuf" | "json";

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** The encoding a Content-Type names, parameters such as `charset` aside; null = not one of ours. */
export function encodingOf(contentType: string | undefined): Encoding | null {
  const mediaType = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType === CONTENT_TYPES.protobuf) return "protobuf";
  if (mediaType === CONTENT_TYPES.json) return "json";
  return null;
}
