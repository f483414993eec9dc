import type { ListenAddress, ListenScheme, UpstreamTarget } from "../../contract/index.ts";
import type { Bound, ListenOptions } from "../accept/bound.ts";
import type { DialContext, EndpointDialer } from "../dial/dialer.ts";

/**
 * All that differs from one transport to another. Whoever needs to know it asks for the property, and nobody asks for the name: a new
 * transport is a file in this folder and a line in its table.
 */
export interface Transport extends ListenScheme {
  /** A client's first words are a ClientHello. */
  readonly helloFirst: boolean;
  /** Its clients have no addresses, by which they could be told apart. */
  readonly anonymous: boolean;
  /** A listener that is given by a name is bound to all addresses of the name, and not only to the first. */
  readonly everyAddress: boolean;
  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE */
  bind(address: ListenAddress, name: string, options: ListenOptions): Promise<Bound>;
  /**
   * How the sessions of a listener reach an upstream.
   * @throws SLUICE_CERTIFICATE_INVALID; SLUICE_CONFIG_INVALID for an upstream that it cannot reach
   */
  createDialer(target: UpstreamTarget, context: DialContext): EndpointDialer;
}
