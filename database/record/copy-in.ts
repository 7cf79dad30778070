import { Query } from "pg";
import type { ClientBase, Connection } from "pg";

/** `CopyData` and `CopyDone` of the frontend/backend protocol: type, length of the rest, and what is copied. */
const COPY_DATA = 0x64;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);

/**
 * Runs a COPY FROM STDIN whose data travels with its statement, so that it shares a flight with the statements around it
 * (see `inTransaction`) and costs no round trip of its own. The protocol allows that: where the statement fails, the
 * server throws away the data that follows.
 */
export function copyIn(client: ClientBase, statement: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(statement, bytes, (error) => (error ? reject(error) : resolve())));
  });
}

class CopyIn extends Query {
  readonly #statement: string;
  readonly #bytes: Buffer;

  constructor(statement: string, bytes: Buffer, done: (error: Error | undefined) => void) {
    super(statement, done);
    this.#statement = statement;
    this.#bytes = bytes;
  }

  override submit = (connection: Connection): void => {
    const { stream } = connection;
    const head = Buffer.allocUnsafe(5);
    head.writeUInt8(COPY_DATA);
    head.writeUInt32BE(this.#bytes.length + 4, 1);
    stream.cork();
    connection.query(this.#statement);
    stream.write(head);
    stream.write(this.#bytes);
    stream.write(COPY_DONE);
    stream.uncork();
  };

  /** The server is ready for what has been sent already. */
  handleCopyInResponse(): void {}
}
