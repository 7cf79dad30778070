import type { ClientRequest } from "node:http";

import { subscribeAll } from "../../../tap/node-http/channels.ts";
import { currentTenant } from "../../tenant.ts";
import type { PropagationSettings } from "../settings.ts";
import { TENANT_HEADER } from "../signed-tenant.ts";
import { headerFor } from "./header-for.ts";

/**
 * Signs requests made with `node:http` and `node:https`. A redirect is a new request there, and judged anew. The header is ours: one
 * that an app has set, because it passes on all it was sent, goes nowhere.
 */
export function carryByNodeHttp(settings: PropagationSettings): () => void {
  return subscribeAll({
    "http.client.request.created": (message) => {
      const { request } = message as { request: ClientRequest };
      if (request.headersSent) return; // given as an array, they are written already
      request.removeHeader(TENANT_HEADER);
      const tenantId = currentTenant();
      const host = request.getHeader("host");
      // No `Host`, or several, or a path in the file system: nothing that says where it goes.
      if (tenantId === null || typeof host !== "string" || isOverPath(request)) return;
      const header = headerFor(tenantId, addressOf(request, host), host, settings);
      if (header !== null) request.setHeader(TENANT_HEADER, header);
    },
  });
}

/** Node keeps of the address only the name; the port is in the `Host` that it has written. */
function addressOf({ protocol, host }: ClientRequest, saidHost: string): string {
  const name = host.includes(":") ? `[${host}]` : host;
  const port = /:\d+$/.exec(saidHost)?.[0] ?? "";
  return `${protocol}//${name}${port}`;
}

function isOverPath(request: ClientRequest & { readonly socketPath?: string | undefined }): boolean {
  return request.socketPath !== undefined;
}
