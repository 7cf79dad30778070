import type { Client, Connection, Submittable } from "pg";

/** What pg's connection can do beyond its published types. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** `COPY ... FROM STDIN` of prebuilt bytes. Resolves when it is committed. */
export function copyIn(client: Client, statement: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new Copy(statement, bytes, (error) => (error === null ? resolve() : reject(error))));
  });
}

/** `COPY ... TO STDOUT`: its bytes, one buffer a row. */
export function copyOut(client: Client, statement: string): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const copy = new Copy(statement, null, (error) => (error === null ? resolve(copy.rows) : reject(error)));
    client.query(copy);
  });
}

/** A statement that pg runs for us; it calls back as the server's messages arrive. */
class Copy implements Submittable {
  readonly rows: Buffer[] = [];
  readonly #statement: string;
  readonly #bytes: Buffer | null;
  readonly #done: (error: Error | null) => void;
  #error: Error | null = null;

  constructor(statement: string, bytes: Buffer | null, done: (error: Error | null) => void) {
    this.#statement = statement;
    this.#bytes = bytes;
    this.#done = done;
  }

  submit(connection: Connection): void {
    connection.query(this.#statement);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#bytes ?? Buffer.alloc(0));
    connection.endCopyFrom();
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // pg reuses the memory behind the chunk.
    this.rows.push(Buffer.from(chunk));
  }

  handleError(error: Error): void {
    this.#error = error;
    this.#done(error);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    if (this.#error === null) this.#done(null);
  }
}
