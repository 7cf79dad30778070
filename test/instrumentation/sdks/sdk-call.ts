/** One kind of call that an app makes with a provider's SDK. */
export interface SdkCall {
  readonly name: string;
  /** `quotel.event.type` of its spans. */
  readonly eventType: string;
  /** When its caller breaks out of a stream the SDK drops the body without cancelling it, so nobody can see that. */
  readonly leavesBodyOpen?: boolean;
  /** Makes the call; the scripted provider behaves as `model` says. */
  json?(model: string, signal?: AbortSignal): Promise<unknown>;
  /** Makes the call as a stream, which ends the iteration or throws as the SDK sees fit. */
  stream?(model: string, signal?: AbortSignal): Promise<AsyncIterable<unknown>>;
}

/** Clients of one SDK against a provider at `url`, which retry a failed call once. */
export type SdkCalls = (url: string) => readonly SdkCall[];
