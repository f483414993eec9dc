import type { Socket } from "node:net";
import { SluiceError } from "../../contract/index.ts";

/** Streams that one process answers with at once: what asks for one status finds a free connection beside them. */
const mostStreams = 16;

/** What a handler answers with that goes on: lines of JSON, until whoever asked leaves. */
export class ControlStream {
  /**
   * @param begin writes lines to the socket from now on, and bounds what waits there; @returns how to stop
   * @param refused it will not begin
   */
  constructor(
    readonly begin: (to: Socket) => () => void,
    readonly refused: () => void = () => undefined,
  ) {}
}

/** The streams that a control socket answers with now. */
export class ControlStreams {
  readonly #open = new Set<Socket>();

  /** @throws SLUICE_ADMIN_CONFLICT when there are too many */
  checkRoom(stream: ControlStream): void {
    if (this.#open.size < mostStreams) return;
    stream.refused();
    throw new SluiceError("SLUICE_ADMIN_CONFLICT", `${mostStreams} watch this proxy over its control socket already`);
  }

  /** Goes on until the other side leaves. */
  open(socket: Socket, stream: ControlStream): void {
    this.#open.add(socket);
    socket.setTimeout(0);
    const stop = stream.begin(socket);
    // Whoever asked may be gone by now, and its close told of.
    if (socket.closed) {
      this.#open.delete(socket);
      stop();
      return;
    }
    socket.once("close", () => {
      this.#open.delete(socket);
      stop();
    });
    // Whoever asked says no more: only its end is waited for.
    socket.on("end", () => socket.destroy()).resume();
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
