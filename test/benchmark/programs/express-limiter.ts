/**
 * Express with rate-limiter-flexible on Postgres, as its documentation has it: two resources consumed per request, at
 * once, of a day's points; a tenth of the tenants has hardly any. Prints its URL.
 */
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import express from "express";
import { Pool } from "pg";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

const DAY_SECONDS = 86_400;

const answer = JSON.parse(await readFile(process.env["ANSWER"]!, "utf8")) as object;
const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 10 });

function limiter(keyPrefix: string, points: number): Promise<RateLimiterPostgres> {
  const options = { storeClient: pool, tableName: "limits", keyPrefix, points, duration: DAY_SECONDS };
  return new Promise((resolve, reject) => {
    const made: RateLimiterPostgres = new RateLimiterPostgres(options, (error) =>
      error ? reject(error) : resolve(made),
    );
  });
}

const chatMessages = await limiter("chat_messages", 1_000_000_000);
const tokens = { roomy: await limiter("tokens", 1_000_000_000), tight: await limiter("tokens", 100) };

interface Asked {
  readonly tenantId: string;
  readonly items: readonly { readonly amount: number }[];
}

async function consume({ tenantId, items }: Asked): Promise<boolean> {
  try {
    await Promise.all([
      (tenantId.startsWith("tight") ? tokens.tight : tokens.roomy).consume(tenantId, items[0]!.amount),
      chatMessages.consume(tenantId, items[1]!.amount),
    ]);
    return true;
  } catch (error) {
    // The limiter rejects with its figures where the points do not suffice.
    if (error instanceof RateLimiterRes) return false;
    throw error;
  }
}

const app = express();
app.set("etag", false);
app.post(/.*/, express.json(), (req, res, next) => {
  consume(req.body as Asked).then((isAllowed) => res.status(isAllowed ? 200 : 429).json(answer), next);
});
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void pool.end();
});
