import type { ListenAddress, ListenScheme, UpstreamTarget } from "../../contract/index.ts";
import type { BoundSocket, ListenOptions } from "../accept/bound-socket.ts";
import type { DialContext, EndpointDialer } from "../dial/dialer.ts";

/**
 * Everything that differs from one transport to another. Other code asks for a property, and never for the name: so a new transport is one file in
 * this folder and one line in its table.
 */
export interface Transport extends ListenScheme {
  /** The first bytes of a client are a ClientHello. */
  readonly helloFirst: boolean;
  /** Its clients have no addresses that could tell them apart. */
  readonly anonymous: boolean;
  /** A listener whose host is a name is bound to all addresses of the name, not only to the first. */
  readonly everyAddress: boolean;
  /** An address of this machine that nobody else has, to listen on: port 0, or a new path. Undefined where other programs bind the sockets. */
  readonly freeAddress: (() => string) | undefined;
  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  bind(address: ListenAddress, name: string, options: ListenOptions): Promise<BoundSocket>;
  /**
   * Makes the dialer with which sessions of a listener reach an upstream.
   * @throws SLUICE_CERTIFICATE_INVALID; SLUICE_CONFIG_INVALID for an upstream that it cannot reach
   */
  createDialer(target: UpstreamTarget, context: DialContext): EndpointDialer;
}
