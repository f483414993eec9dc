import type { Requester } from "./requester.ts";

/** Carries one request at a time to an upstream: a connection of HTTP/1, or a stream of HTTP/2. It counts as one in `limits.connections`. */
export interface Carrier {
  /** The client whose request it carries; undefined while it carries none. */
  client: string | undefined;
  /** The time at which the header of a response came whose body is still coming, as of `performance.now()`; 0: there is none. */
  answeredAt: number;
  /**
   * Begins a request.
   * @param timeout milliseconds for the response's header, and for reading a part of the request; 0: no limit
   */
  ask(asker: Requester, timeout: number): void;
  /** Ends a request whose response is not needed any more, or which broke off: the upstream is reset. */
  abandon(asker: Requester): void;
  /** Begins to read; called after `ask`. */
  read(): void;
}
