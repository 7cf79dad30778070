/**
 * The caller's response: a real `Response` over the tapped body with everything the original had. The constructor cannot be
 * told `url`, `type` and `redirected`, so they are set on the object, and on its clones.
 */
export function withBody(original: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers } = original;
  const response = new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, { status, statusText, headers });
  return like(original, response);
}

function like(original: Response, response: Response): Response {
  const { url, type, redirected } = original;
  for (const [key, value] of Object.entries({ url, type, redirected })) {
    Object.defineProperty(response, key, { value, configurable: true });
  }
  const clone = response.clone.bind(response);
  Object.defineProperty(response, "clone", {
    value: () => like(original, clone()),
    configurable: true,
    writable: true,
  });
  return response;
}
