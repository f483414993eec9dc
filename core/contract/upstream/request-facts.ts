import type { SocketAddress } from "../addresses/address.ts";

/** The facts about an HTTP request, which balancing may use. */
export interface RequestFacts {
  /** The client of this request. */
  readonly client: SocketAddress;
  readonly method: string;
  /** The host asked for: in lower case, without its port. */
  readonly host: string;
  /** Path and query. */
  readonly url: string;
  /** By name in lower case. A field that was sent several times has all its values, in order. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}
