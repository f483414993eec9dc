import type { Socket } from "node:dgram";
import { restingUdpSockets } from "../../contract/upstream/resting-udp-sockets.ts";

/** Milliseconds for which a closed upstream socket keeps its port. */
const REST = 2_000;

interface Resting {
  readonly socket: Socket;
  readonly until: number;
}

/** The time, which tests replace. */
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
 * Upstream sockets of flows that have ended. The system may give a freed port to the next flow, whose client would get late replies for the flow
 * before (RFC 6056 section 3.5). So a socket rests before it is closed, and replies that come meanwhile are read and dropped.
 */
export class RestingSockets {
  /** The socket that has rested longest comes first. */
  #resting: Resting[] = [];
  #waits = false;
  /** The listeners, and the flows that each may have. */
  readonly #holders = new Map<object, number>();
  #most = Infinity;
  #budget = Infinity;
  /** Sockets that flows use. */
  #open = 0;

  constructor(private readonly time: RestingTime = realTime) {}

  /** A listener may open sockets: from now on sockets rest. Called again when its limit changes. @param flows that the listener may have */
  hold(holder: object, flows: number): void {
    this.#holders.set(holder, flows);
    this.#reckon();
  }

  /** A listener is gone. After the last one all resting sockets are closed. */
  release(holder: object): void {
    this.#holders.delete(holder);
    this.#reckon();
    if (this.#holders.size > 0) return;
    for (const { socket } of this.#resting.splice(0)) socket.close();
  }

  /**
   * Whether one more socket may be opened. Sockets of flows and sockets at rest share one limit, since one flow may use several sockets in turn. If
   * the limit is reached, the socket that has rested longest is closed to make room.
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

  /** A flow's socket is closed, or rests from now on. */
  left(): void {
    this.#open -= 1;
  }

  get size(): number {
    return this.#resting.length;
  }

  /** Takes over a socket that has an error handler, and closes it later. */
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

/** One for the process: a port is taken or free for the whole process. */
export const restingSockets = new RestingSockets();
