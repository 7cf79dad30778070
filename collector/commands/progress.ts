import cliProgress from "cli-progress";

/** How far something has come. */
export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

const LINE_EVERY_MS = 2_000;

/** A progress bar on a terminal; elsewhere (a file, a scheduler's log) a line every two seconds, and one at the end. */
export function showProgress(stream: NodeJS.WriteStream, unit: string): Progress {
  return stream.isTTY ? bar(stream, unit) : lines(stream, unit);
}

function bar(stream: NodeJS.WriteStream, unit: string): Progress {
  const format = `{bar} {percentage} % | {value} of {total} ${unit} | {eta_formatted} left`;
  const shown = new cliProgress.SingleBar({ stream, format, hideCursor: true }, cliProgress.Presets.shades_classic);
  let started = false;
  return {
    update: (done, total) => {
      if (!started) shown.start(total, done);
      started = true;
      // Traffic may add to what there is to do.
      shown.setTotal(Math.max(done, total));
      shown.update(done);
    },
    stop: () => shown.stop(),
  };
}

function lines(stream: NodeJS.WriteStream, unit: string): Progress {
  let last = "";
  let written = "";
  let atMs = performance.now();
  const write = (): void => {
    if (last !== written) stream.write(`${last}\n`);
    written = last;
    atMs = performance.now();
  };
  return {
    update: (done, total) => {
      last = `${done} of ${Math.max(done, total)} ${unit}`;
      if (performance.now() - atMs >= LINE_EVERY_MS) write();
    },
    stop: write,
  };
}
