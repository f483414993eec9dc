import type { Socket } from "node:dgram";

/** Milliseconds for which a closed upstream socket keeps its port. */
const REST = 2_000;
/** So many rest at most; the one that rested longest goes first. */
const MOST = 256;

interface Resting {
  readonly socket: Socket;
  readonly until: number;
}

/** What tests replace. */
interface RestingTime {
  /** Monotonic milliseconds. */
  now(): number;
  wait(run: () => void, ms: number): void;
}

const realTime: RestingTime = {
  now: () => performance.now(),
  wait: (run, ms) => void setTimeout(run, ms).unref(),
};

/**
 * Upstream sockets of flows that have ended. A port that is free at once may be given to the next flow, whose client would get the replies
 * that come late for the one before (RFC 6056 section 3.5). Until then such replies are read, and heard by nobody.
 */
export class RestingSockets {
  /** The one that rested longest first. */
  #resting: Resting[] = [];
  #waits = false;
  #holders = 0;

  constructor(private readonly time: RestingTime = realTime) {}

  /** Sockets rest as long as anybody could be given their ports. */
  hold(): void {
    this.#holders += 1;
  }

  /** After the last holder all are closed. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    for (const { socket } of this.#resting.splice(0)) socket.close();
  }

  get size(): number {
    return this.#resting.length;
  }

  /** Takes over a socket with an error handler; it is closed later. */
  rest(socket: Socket): void {
    socket.removeAllListeners("message");
    if (this.#holders === 0) {
      socket.close();
      return;
    }
    socket.unref();
    this.#resting.push({ socket, until: this.time.now() + REST });
    if (this.#resting.length > MOST) this.#resting.shift()?.socket.close();
    if (!this.#waits) this.#wait(REST);
  }

  #wait(ms: number): void {
    this.#waits = true;
    this.time.wait(() => {
      this.#waits = false;
      this.#closeRested();
    }, ms);
  }

  #closeRested(): void {
    const now = this.time.now();
    let rested = 0;
    while (rested < this.#resting.length && (this.#resting[rested]?.until ?? now) <= now) rested += 1;
    for (const { socket } of this.#resting.splice(0, rested)) socket.close();
    const [next] = this.#resting;
    if (next !== undefined) this.#wait(Math.ceil(next.until - now));
  }
}

/** Those of this process: a port is taken or free for all of it. */
export const restingSockets = new RestingSockets();
