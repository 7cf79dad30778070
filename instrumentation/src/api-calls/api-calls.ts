import type { Meter } from "../metering/meter.ts";
import { beginApiCall } from "./api-call.ts";
import type { BeginApiCall } from "./api-call.ts";
import { installFastifyRoutes } from "./fastify-routes.ts";
import { installHttp1Server } from "./http1-server.ts";
import { installHttp2Server } from "./http2-server.ts";
import { isIgnored } from "./ignored-paths.ts";
import type { PathPattern } from "./ignored-paths.ts";

/** Meters every request that an HTTP server of this process answers, whatever the framework and module system. */
export function installApiCalls(meter: Meter, ignoredPaths: readonly PathPattern[]): void {
  const begin: BeginApiCall = (request, emitter) =>
    beginApiCall(meter, request, emitter, isIgnored(request.url ?? "", ignoredPaths));
  installHttp1Server(begin);
  installHttp2Server(begin);
  installFastifyRoutes();
}
