/**
 * The name in what a `Host` header or `:authority` says, in the form URLs have it: lower-case, IPv6 in brackets, without a port.
 * Ports are left out because they change on the way through proxies. Null: it is no host. Pure.
 */
export function hostnameOf(host: string): string | null {
  // Whatever could make it more than a host: a path, a user, a query.
  if (/[/?#@\\\s]/.test(host)) return null;
  return URL.parse(`http://${host}`)?.hostname ?? null;
}
