import type { Asker } from "./asker.ts";

/** What carries one request at a time to an upstream: a connection of HTTP/1, or a stream of HTTP/2. It counts once in `limits.connections`. */
export interface Carrier {
  /** Whose request it carries; undefined while it carries none. */
  client: string | undefined;
  /**
   * Begins a request.
   * @param timeout milliseconds for the response's header, and for taking a part of the request; 0: none
   */
  ask(asker: Asker, timeout: number): void;
  /** Nobody waits for the response any more, or its request broke off: the upstream is told. */
  abandon(asker: Asker): void;
  /** Begins to read, once it was asked. */
  read(): void;
}
