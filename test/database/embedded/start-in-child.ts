/** Starts the embedded server of argv[2] and prints its URL and the server's process id, then waits for its end. */
import { startEmbedded } from "#database/embedded/start";

const server = await startEmbedded({ dataDir: process.argv[2] ?? "", port: 0 });
console.log(JSON.stringify({ adminUrl: server.adminUrl, pid: server.pid, adopted: server.adopted }));
setInterval(() => {}, 60_000);
