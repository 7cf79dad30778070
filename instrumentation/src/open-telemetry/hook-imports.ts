import { createRequire, register } from "node:module";
import { pathToFileURL } from "node:url";

/** `import-in-the-middle/register-hooks.mjs`. */
interface SyncHooks {
  supportsSyncHooks(): boolean;
  register(options: { readonly include: readonly string[] }): void;
}

/**
 * Lets OpenTelemetry's instrumentations see these modules when they are imported (by `require` they see them anyway). Loads
 * the very copy of `import-in-the-middle` that they use: another one would not know of them.
 */
export async function hookImports(modules: readonly string[]): Promise<void> {
  const ours = createRequire(import.meta.url);
  const http = createRequire(ours.resolve("@opentelemetry/instrumentation-http"));
  const instrumentation = createRequire(http.resolve("@opentelemetry/instrumentation"));
  const urlOf = (file: string) => pathToFileURL(instrumentation.resolve(`import-in-the-middle/${file}`)).href;
  const hooks = (await import(urlOf("register-hooks.mjs"))) as SyncHooks;
  if (hooks.supportsSyncHooks()) hooks.register({ include: modules });
  // Older releases of Node 22 and 24: on a thread of its own, which sees all modules.
  else register(urlOf("hook.mjs"));
}
