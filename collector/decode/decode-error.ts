/** The bytes are not the OTLP message they claim to be. The only error the decoders throw; the sender gets a 400. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}
