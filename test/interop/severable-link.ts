import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP link that can be cut and mended: what stands behind it is then away, whatever it was about to answer. */
export class SeverableLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #severed = false;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      if (this.#severed) {
        near.destroy();
        return;
      }
      const far = connect(Number(target.port), target.hostname);
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  /** A link to where the URL points, and that URL by way of it. It ends with the test. */
  static async to(target: string): Promise<{ readonly link: SeverableLink; readonly url: string }> {
    const url = new URL(target);
    const link = new SeverableLink(new URL(target));
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    onTestFinished(() => {
      link.sever();
      link.#server.close();
    });
    url.hostname = "127.0.0.1";
    url.port = String((link.#server.address() as AddressInfo).port);
    return { link, url: url.href };
  }

  sever(): void {
    this.#severed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#severed = false;
  }

  /** One direction; an end that goes takes the other with it. */
  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("error", () => from.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }
}
