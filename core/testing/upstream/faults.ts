import type { Socket } from "node:net";
import { resetSocket } from "../../net/node/reset-socket.ts";

/** What the functions of a test have thrown: each such error ends its connection, so that no client waits in vain. */
export class Faults {
  readonly #thrown: unknown[] = [];

  /** Calls a function of a test, which may be asynchronous. */
  guard(socket: Socket, work: () => unknown): void {
    const fail = (error: unknown): void => {
      this.#thrown.push(error);
      resetSocket(socket);
    };
    try {
      const result = work();
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** @throws the first error */
  rethrow(): void {
    if (this.#thrown.length > 0) throw this.#thrown[0];
  }
}
