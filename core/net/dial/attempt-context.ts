import type { ProxyProtocolVersion, ProxyTlvName, SessionFacts, SluiceError } from "../../contract/index.ts";
import type { Balancer } from "../balance/balancer.ts";
import type { NamedAddressesContext } from "../names/named-addresses.ts";
import type { Deadlines } from "./deadlines.ts";
import type { UpstreamTls } from "./upstream-tls.ts";

/** What all attempts of one dialer share. */
export interface AttemptContext extends NamedAddressesContext {
  readonly connectTimeout: number;
  /** Ends attempts that take longer than `connectTimeout`. */
  readonly deadlines: Deadlines;
  readonly refuse: ((address: string, port: number) => SluiceError | undefined) | undefined;
  readonly balancer: Balancer;
  readonly tls: UpstreamTls | undefined;
  /** Milliseconds of silence after which the kernel asks whether the upstream is still there; undefined: never. */
  readonly keepAlive: number | undefined;
  /** The local address to connect from. */
  readonly bind?: string | undefined;
  /** Set if the upstream is told who the client is. */
  readonly proxyProtocol?: ProxyProtocolVersion | undefined;
  readonly proxyProtocolTlvs?: readonly ProxyTlvName[] | undefined;
  /** The session, for attempts that no `SessionAttempts` makes. */
  readonly session?: SessionFacts | undefined;
  /** Protocols to offer through ALPN, unless the config names some. */
  readonly protocols?: readonly string[] | undefined;
}
