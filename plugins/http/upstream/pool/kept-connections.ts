import type { UpstreamConnection } from "../connection/upstream-connection.ts";

/** The limits of unused connections. */
export interface KeptLimits {
  /** Unused connections that are kept. */
  readonly idleConnections: number;
  /** Milliseconds for which unused connections are kept; 0: none is kept. */
  readonly idleConnection: number;
  /** Milliseconds after which a connection gets no further request; 0: no limit. */
  readonly connectionAge: number;
}

/** The unused connections to an endpoint, for the next requests. */
export class KeptConnections {
  readonly #all: UpstreamConnection[] = [];
  #isRetired = false;

  constructor(private readonly limits: KeptLimits) {}

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Takes the newest one that may have another request. @param way the way in which connections are opened now */
  take(way: unknown): UpstreamConnection | undefined {
    for (let connection = this.#all.pop(); connection !== undefined; connection = this.#all.pop()) {
      if (this.isUsable(connection, way)) return connection;
      connection.close();
    }
    return undefined;
  }

  /** One that was opened in another way, or is too old, gets no further request. */
  isUsable(connection: UpstreamConnection, way: unknown): boolean {
    return connection.way === way && this.#ageLeft(connection) > 0;
  }

  /** Keeps a connection, or closes it. @param keptFor milliseconds for which its server keeps it */
  keep(connection: UpstreamConnection, keptFor: number): void {
    const { idleConnections, idleConnection } = this.limits;
    if (this.#isRetired || idleConnection <= 0 || this.#all.length >= idleConnections) {
      connection.close();
      return;
    }
    this.#all.push(connection);
    connection.idle(Math.min(keptFor, idleConnection, this.#ageLeft(connection)));
  }

  /** The connection has ended. */
  remove(connection: object): void {
    const at = this.#all.indexOf(connection as UpstreamConnection);
    if (at >= 0) this.#all.splice(at, 1);
  }

  closeAll(): void {
    for (const connection of this.#all.splice(0)) connection.close();
  }

  /** Closes them, and keeps none from now on. */
  retire(): void {
    this.#isRetired = true;
    this.closeAll();
  }

  #ageLeft({ openedAt }: UpstreamConnection): number {
    const { connectionAge } = this.limits;
    return connectionAge === 0 ? Infinity : openedAt + connectionAge - performance.now();
  }
}
