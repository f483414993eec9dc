import { hostAndPort } from "../../contract/addresses/endpoint.ts";
import { SluiceError, type ListenAddress, type Transport } from "../../contract/index.ts";

/**
 * Reads the address of a listener with a host and a port. `:8080` and `8080` mean 127.0.0.1; port 0 asks for a free port.
 * @throws SLUICE_CONFIG_INVALID
 */
export function ipAddress(transport: Transport, rest: string, text: string): ListenAddress {
  if (/^\*(:|$)/.test(rest))
    throw new SluiceError("SLUICE_CONFIG_INVALID", `expected 0.0.0.0 or [::] for every address, got "*" in ${JSON.stringify(text)}`);
  const { host, port } = hostAndPort(/^\d+$/.test(rest) ? `:${rest}` : rest.replace(/\/$/, ""), text, 0);
  return { transport, host: host === "" ? "127.0.0.1" : host, port, path: undefined };
}
