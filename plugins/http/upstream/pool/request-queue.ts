import type { Requester } from "../connection/requester.ts";
import type { Carrier } from "../connection/carrier.ts";

/** A request that waits for a connection, or for its response. */
export interface WaitingRequest extends Requester {
  /** The client of the request. */
  readonly client: string;
  /** Called when it has a connection and is sent. */
  begun(connection: Carrier): void;
}

/** Requests that wait for a connection to one endpoint, in the order in which they came. */
export class RequestQueue {
  readonly #requests: WaitingRequest[] = [];

  get length(): number {
    return this.#requests.length;
  }

  push(request: WaitingRequest): void {
    this.#requests.push(request);
  }

  remove(request: WaitingRequest): void {
    const at = this.#requests.indexOf(request);
    if (at >= 0) this.#requests.splice(at, 1);
  }

  /** Takes the first request whose client may be served. */
  next(mayServe: (client: string) => boolean): WaitingRequest | undefined {
    const at = this.#requests.findIndex(({ client }) => mayServe(client));
    return at < 0 ? undefined : this.#requests.splice(at, 1)[0];
  }

  /**
   * Takes the newest request of the client with the most, if it has more than this client would have with one more, so that no client blocks the
   * others.
   */
  giveWay(client: string): WaitingRequest | undefined {
    const counts = new Map<string, number>();
    for (const { client: each } of this.#requests) counts.set(each, (counts.get(each) ?? 0) + 1);
    const most = Math.max(0, ...counts.values());
    if (most <= (counts.get(client) ?? 0) + 1) return undefined;
    const request = this.#requests.findLast((each) => counts.get(each.client) === most);
    if (request !== undefined) this.remove(request);
    return request;
  }
}
