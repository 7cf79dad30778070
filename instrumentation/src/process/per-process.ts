/**
 * State of which a process has one, made at its first use: whoever asks for this name gets the same, however many copies of
 * this package the process loads. `--import .../register` and the app's own import may resolve to different ones, and both
 * must see the same tenant; so it hangs on `globalThis`. Each room keeps its own.
 */
export function perProcess<State extends object>(name: string, make: () => State): () => State {
  const key = Symbol.for(`quotel.${name}`);
  return () => {
    const scope = globalThis as { [name: symbol]: State | undefined };
    return (scope[key] ??= make());
  };
}
