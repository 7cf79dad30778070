import { defineConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** `npm run test:interop`: the parts of `npm test`, with peers that are not ours and that no workspace can depend on. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["test/interop/**/*.test.ts"],
    exclude: [],
    globalSetup: ["test/global-setup.ts", "test/interop/peers.ts"],
    typecheck: { enabled: false },
    testTimeout: 120_000,
  },
});
