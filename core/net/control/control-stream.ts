import type { Socket } from "node:net";
import { SluiceError } from "../../contract/index.ts";

/** Streams of one process at the same time at most, so that a single request still finds a free connection. */
const mostStreams = 16;

/** A handler's answer that goes on: lines of JSON, until the caller leaves. */
export class ControlStream {
  /**
   * @param begin starts writing lines to the socket, with a limit for what waits there; returns a function that stops it
   * @param refused called if the stream will not begin
   */
  constructor(
    readonly begin: (to: Socket) => () => void,
    readonly refused: () => void = () => undefined,
  ) {}
}

/** The open streams of a control socket. */
export class ControlStreams {
  readonly #open = new Set<Socket>();

  /** @throws SLUICE_ADMIN_CONFLICT if there are too many streams */
  checkRoom(stream: ControlStream): void {
    if (this.#open.size < mostStreams) return;
    stream.refused();
    throw new SluiceError("SLUICE_ADMIN_CONFLICT", `${mostStreams} watch this proxy over its control socket already`);
  }

  /** Begins a stream, which goes on until the other side leaves. */
  open(socket: Socket, stream: ControlStream): void {
    this.#open.add(socket);
    socket.setTimeout(0);
    const stop = stream.begin(socket);
    // The caller may be gone by now, after its close was reported.
    if (socket.closed) {
      this.#open.delete(socket);
      stop();
      return;
    }
    socket.once("close", () => {
      this.#open.delete(socket);
      stop();
    });
    // The caller sends nothing more: only its end is waited for.
    socket.on("end", () => socket.destroy()).resume();
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
