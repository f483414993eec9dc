import type { Socket } from "node:dgram";
import { restingUdpSockets } from "../../contract/resting-udp-sockets.ts";

/** Milliseconds for which a closed upstream socket keeps its port. */
const REST = 2_000;

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
  /** The listeners, and how many flows each may have. */
  readonly #holders = new Map<object, number>();
  #most = Infinity;
  #budget = Infinity;
  /** In use by flows. */
  #open = 0;

  constructor(private readonly time: RestingTime = realTime) {}

  /** Sockets rest as long as anybody could be given their ports. @param flows that the listener may have, also when that changes */
  hold(holder: object, flows: number): void {
    this.#holders.set(holder, flows);
    this.#reckon();
  }

  /** After the last holder all are closed. */
  release(holder: object): void {
    this.#holders.delete(holder);
    this.#reckon();
    if (this.#holders.size > 0) return;
    for (const { socket } of this.#resting.splice(0)) socket.close();
  }

  /**
   * Whether one more socket may be opened: those of flows and those at rest together have a bound, since one flow may go through several
   * sockets. For one that is wanted, the one that rested longest is closed.
   */
  admits(): boolean {
    if (this.#open + this.#resting.length < this.#budget) return true;
    const oldest = this.#resting.shift();
    oldest?.socket.close();
    return oldest !== undefined;
  }

  opened(): void {
    this.#open += 1;
  }

  /** It is closed, or rests from now on. */
  left(): void {
    this.#open -= 1;
  }

  get size(): number {
    return this.#resting.length;
  }

  /** Takes over a socket with an error handler; it is closed later. */
  rest(socket: Socket): void {
    socket.removeAllListeners("message");
    if (this.#holders.size === 0) {
      socket.close();
      return;
    }
    socket.unref();
    this.#resting.push({ socket, until: this.time.now() + REST });
    if (this.#resting.length > this.#most) this.#resting.shift()?.socket.close();
    if (!this.#waits) this.#wait(REST);
  }

  #reckon(): void {
    const flows = [...this.#holders.values()].reduce((sum, each) => sum + each, 0);
    this.#most = restingUdpSockets(flows);
    this.#budget = this.#holders.size === 0 ? Infinity : flows + this.#most;
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
