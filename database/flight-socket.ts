import { Socket } from "node:net";

/**
 * A socket that sends what one turn of the event loop writes in one piece. pg corks it around each statement; here the
 * last uncork of the turn counts, so statements that are sent without waiting share a packet: one system call and one
 * wake-up of the server instead of one for each, which is dearer than the statements are.
 */
export class FlightSocket extends Socket {
  override uncork(): void {
    process.nextTick(() => super.uncork());
  }
}
