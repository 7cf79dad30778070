import { defineConfig } from "vitest/config";

// Our own packages run from their sources: in vite's resolver (which wants its defaults repeated, but for `module`, which Node
// does not know and under which the AWS SDK has files that Node cannot load) and in Node's.
const conditions = ["quotel-source", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["quotel-source", "node"] } },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    // Real peers and long runs; they have their own commands.
    exclude: ["test/interop/**", "test/benchmark/**"],
    globalSetup: "test/global-setup.ts",
    pool: "forks",
    execArgv: ["-C", "quotel-source"],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    typecheck: { enabled: true, include: ["test/**/*.test-d.ts"], ignoreSourceErrors: true },
  },
});
