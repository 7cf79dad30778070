/** One kind of call that an app makes with a provider's SDK. */
export interface SdkCall {
  readonly name: string;
  /** `quotel.event.type` of its spans. */
  readonly eventType: string;
  /** Faults, by name, whose attempts come out otherwise than the table says. */
  readonly otherwise?: Readonly<Record<string, readonly string[]>>;
  /** Faults, by name, whose attempt ends and of which the SDK never tells the app, metered or not. */
  readonly hangs?: readonly string[];
  /** Faults, by name, after which the attempt never ends either: there is nothing to compare. */
  readonly neverEnds?: readonly string[];
  /** Makes the call; the scripted provider behaves as `model` says. */
  json?(model: string, signal?: AbortSignal): Promise<unknown>;
  /** Makes the call as a stream, which ends the iteration or throws as the SDK sees fit. */
  stream?(model: string, signal?: AbortSignal): Promise<AsyncIterable<unknown>>;
}

/** Clients of one SDK against a provider, which retry a failed call once. */
export type SdkCalls = (provider: { readonly url: string; readonly http2Url: string }) => readonly SdkCall[];
