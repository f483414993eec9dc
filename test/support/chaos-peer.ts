import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { resetSocket } from "../../core/net/node/reset-socket.ts";
import { wasReset } from "../../core/net/node/was-reset.ts";
import { isPattern, patternAt } from "./pattern.ts";

const MEBIBYTE = 1024 * 1024;

/** One thing that a side of a connection does. */
export type ChaosAction =
  | { readonly do: "send"; readonly size: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "finish" | "reset" | "stall" | "resume" | "slow" | "garbage" };

/** One side of a connection: it sends its own endless stream, and checks that what comes is the beginning of the other side's. */
export class ChaosPeer {
  sent = 0;
  received = 0;
  /** Everything that came was what the other side had sent, from its first byte on. */
  intact = true;
  /** The other side's FIN came. */
  ended = false;
  /** It was reset, or broke otherwise. */
  broken = false;
  /** It did the breaking itself. */
  violent = false;
  readonly closed: Promise<void>;
  #slow = false;

  /**
   * @param own where its own stream begins in the pattern
   * @param other where the other side's begins
   * @param below the socket under TLS, for garbage
   */
  constructor(
    readonly socket: Socket,
    private readonly own: number,
    private readonly other: number,
    private readonly below: Socket = socket,
  ) {
    this.closed = new Promise((resolve) => void socket.once("close", () => resolve()));
    socket.on("data", (chunk: Buffer) => {
      this.intact &&= isPattern(this.other + this.received, chunk);
      this.received += chunk.length;
      if (this.#slow) this.#rest();
    });
    socket.on("end", () => {
      this.ended = true;
      this.broken ||= wasReset(socket);
    });
    socket.on("error", () => (this.broken = true));
  }

  /** Acts in order, then reads to the end and finishes. */
  async run(actions: readonly ChaosAction[]): Promise<void> {
    for (const action of actions) {
      if (action.do === "wait") await pause(action.ms);
      else this.#act(action);
    }
    this.socket.resume();
    if (!this.socket.destroyed) this.socket.end();
  }

  /** Waits for its close, once the proxy has gone. A TLS client of Node that sent garbage does not close by itself. */
  gone(): Promise<void> {
    if (this.violent) for (const socket of [this.socket, this.below]) socket.destroy();
    return this.closed;
  }

  #act(action: Exclude<ChaosAction, { do: "wait" }>): void {
    const { socket } = this;
    if (socket.destroyed) return;
    if (action.do === "send") this.#send(action.size);
    else if (action.do === "finish") socket.end();
    else if (action.do === "stall") socket.pause();
    else if (action.do === "resume") socket.resume();
    else if (action.do === "slow") this.#slow = true;
    else {
      this.violent = true;
      if (action.do === "garbage" && this.below !== socket) this.below.write(Buffer.alloc(100, 0xff));
      else resetSocket(socket);
    }
  }

  #send(size: number): void {
    if (this.socket.writableEnded) return;
    for (let left = size; left > 0; left -= MEBIBYTE) {
      const bytes = Math.min(left, MEBIBYTE);
      this.socket.write(patternAt(this.own + this.sent, bytes));
      this.sent += bytes;
    }
  }

  /** A slow reader: a chunk now and then. */
  #rest(): void {
    this.socket.pause();
    setTimeout(() => this.socket.resume(), 1);
  }
}
