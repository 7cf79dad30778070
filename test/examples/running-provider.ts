import type { AddressInfo } from "node:net";
import { OpenAI } from "openai";
import type { ChooseFault, Fault } from "../../examples/chat-api/provider/faults.ts";
import type { LedgerReport, TenantLedger } from "../../examples/chat-api/provider/ledger.ts";
import { createProvider } from "../../examples/chat-api/provider/server.ts";

/** A fake provider on a real socket, with the real SDK pointed at it. */
export interface RunningProvider extends AsyncDisposable {
  readonly url: string;
  readonly openai: OpenAI;
  ledgerOf(tenant: string): Promise<TenantLedger>;
}

/** Starts a provider whose n-th call meets the n-th of `faults`; later calls meet none. */
export async function startProvider(...faults: Fault[]): Promise<RunningProvider> {
  const chooseFault: ChooseFault = ({ ordinal }) => faults[ordinal - 1] ?? "none";
  const server = createProvider({ seed: "test", latencyMs: 1, chooseFault });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: "any" }),
    async ledgerOf(tenant) {
      const report = (await (await fetch(`${url}/ledger`)).json()) as LedgerReport;
      const ledger = report.tenants[tenant];
      if (ledger === undefined) throw new Error(`the provider has no books of ${tenant}`);
      return ledger;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
