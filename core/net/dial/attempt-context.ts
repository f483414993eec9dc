import type { ProxyProtocolVersion, SessionFacts, SluiceError } from "../../contract/index.ts";
import type { Balancer } from "../balance/balancer.ts";
import type { NamedAddressesContext } from "../names/named-addresses.ts";
import type { Deadlines } from "./deadlines.ts";
import type { UpstreamTls } from "./upstream-tls.ts";

/** What the attempts of one dialer share. */
export interface AttemptContext extends NamedAddressesContext {
  readonly connectTimeout: number;
  /** Waits of `connectTimeout`. */
  readonly deadlines: Deadlines;
  readonly refuse: ((address: string, port: number) => SluiceError | undefined) | undefined;
  readonly balancer: Balancer;
  readonly tls: UpstreamTls | undefined;
  /** Milliseconds of silence after which the kernel asks whether the upstream is still there; undefined: never. */
  readonly keepAlive: number | undefined;
  /** The local address to connect from. */
  readonly bind?: string | undefined;
  /** The upstream is told whose connection it is. */
  readonly proxyProtocol?: ProxyProtocolVersion | undefined;
  /** Whose it is, where it is not the attempts that say so. */
  readonly session?: SessionFacts | undefined;
  /** What is offered through ALPN, unless the config says it. */
  readonly protocols?: readonly string[] | undefined;
}
