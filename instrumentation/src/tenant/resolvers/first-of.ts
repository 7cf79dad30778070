import type { TenantAnswer, TenantResolver } from "../resolve.ts";

/**
 * The first tenant that one of the resolvers names, asked in order: `firstOf(apiKeyMap(keys), tenantFromHeader("x-tenant-id"))`.
 * One that fails ends the search: a weaker proof never stands in for a stronger one that could not be checked.
 */
export function firstOf(...resolvers: readonly TenantResolver[]): TenantResolver {
  return (request) => {
    function ask(index: number): TenantAnswer | PromiseLike<TenantAnswer> {
      const resolver = resolvers[index];
      if (resolver === undefined) return null;
      const answer = resolver(request);
      if (typeof answer === "object" && answer !== null) return answer.then((id) => id ?? ask(index + 1));
      return answer ?? ask(index + 1);
    }
    return ask(0);
  };
}
