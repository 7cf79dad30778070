import { createHmac } from "node:crypto";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { readUserIds } from "../../../instrumentation/src/tenant/user/user-ids.ts";
import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import type { ScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";

const KEY = "a secret that hashes the ids of users";
let receiver: OtlpReceiver;
let provider: ScriptedProvider;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  provider = await startScriptedProvider();
});
beforeEach(() => {
  receiver.spans.length = 0;
  receiver.requests.length = 0;
});
afterAll(async () => {
  await provider.close();
  await receiver.close();
});

/** Has a user ask an app; gives the users of its events, by their models or types, and all that came out of it. */
async function usersOf(env: Record<string, string>, path: string, user: string) {
  const file = new URL("./apps/users.ts", import.meta.url);
  const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url, PROVIDER_URL: provider.url, ...env } });
  const { status } = await fetch(app.url + path, { headers: { "x-user": user } });
  await app.end("SIGTERM");
  const users = Object.fromEntries(
    receiver.spans.map(({ attributes }) => [
      attributes["gen_ai.request.model"] ?? attributes["quotel.event.type"],
      attributes["user.id"],
    ]),
  );
  return { status, users, stderr: app.stderr(), sent: receiver.requests.map(({ body }) => body).join() };
}

test("a user that the app names is on the request, its calls, earlier ones too, and what is recorded by hand", async () => {
  const { users } = await usersOf({ QUOTEL_USER_IDS: "keep" }, "/chat", "ann");
  expect(users).toEqual({ before: "ann", after: "ann", usage: "ann", api_call: "ann" });
});

test("a user is one tenant's: work for another tenant has none but its own", async () => {
  const { users } = await usersOf({ QUOTEL_USER_IDS: "keep" }, "/batch", "ann");
  expect(users).toEqual({ same: "ann", other: undefined, theirs: "bob", usage: undefined, api_call: "ann" });
});

test("hashed ids of users are the same for the same user under the same key, and the ids go nowhere", async () => {
  const { users, sent, stderr } = await usersOf(
    { QUOTEL_USER_IDS: "hash", QUOTEL_USER_ID_KEY: KEY },
    "/chat",
    "ann@corp.test",
  );
  const hash = createHmac("sha256", KEY).update("ann@corp.test").digest("base64url");
  expect(users).toEqual({ before: hash, after: hash, usage: hash, api_call: hash });
  expect(sent + stderr).not.toMatch(/ann|corp|secret/);
});

test("ids of users are dropped unless they are asked for, which is told once and can be chosen", async () => {
  const dropped = { before: undefined, after: undefined, usage: undefined, api_call: undefined };
  const byDefault = await usersOf({}, "/chat", "ann@corp.test");
  expect(byDefault.users).toEqual(dropped);
  expect(byDefault.stderr.match(/QUOTEL_USER_DROPPED/g)).toHaveLength(1);
  expect(byDefault.sent + byDefault.stderr).not.toContain("ann");
  const chosen = await usersOf({ QUOTEL_USER_IDS: "drop" }, "/chat", "ann@corp.test");
  expect(chosen.users).toMatchObject(dropped);
  expect(chosen.stderr).not.toContain("QUOTEL_");
});

test("an id of a user that is none is ignored with one warning that does not repeat it", async () => {
  const long = "ann".repeat(100);
  const { status, users, stderr } = await usersOf({ QUOTEL_USER_IDS: "keep" }, "/chat", long);
  expect([status, users["api_call"]]).toEqual([200, undefined]);
  expect(stderr.match(/QUOTEL_USER_INVALID/g)).toHaveLength(1);
  expect(stderr).not.toContain("ann");
});

test("what is wrong with the setting of user ids is told, and no key", () => {
  expect(readUserIds({ QUOTEL_USER_IDS: "hash" })).toEqual({
    kind: "invalid",
    problem: "QUOTEL_USER_IDS=hash needs QUOTEL_USER_ID_KEY, a secret of at least 32 characters",
  });
  expect(JSON.stringify(readUserIds({ QUOTEL_USER_IDS: "hash", QUOTEL_USER_ID_KEY: "short" }))).not.toContain("short");
  expect(readUserIds({ QUOTEL_USER_IDS: "maybe" })).toMatchObject({ kind: "invalid" });
  expect(readUserIds({ QUOTEL_USER_IDS: "hash", QUOTEL_USER_ID_KEY: KEY })).toMatchObject({ kind: "valid" });
});
