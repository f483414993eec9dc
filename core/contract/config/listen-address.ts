import { refuseBlanks } from "../addresses/endpoint.ts";
import { SluiceError } from "../errors/errors.ts";
import type { ListenAddress, ResolvedSocket } from "./resolved-config.ts";

/** What a config has to know about a transport. `core/net/transports` has one for each transport, with everything else about it. */
export interface ListenScheme {
  /** The part before `://`. */
  readonly scheme: string;
  /** How an address is written, for messages: `unix:///path`. */
  readonly form: string;
  /** One read is one datagram, and sessions have no connection: they have only the listener's socket, and end when they are idle. */
  readonly datagrams: boolean;
  /** Listeners of the same space cannot share an address, and can hand sockets over to each other: TLS runs on TCP. */
  readonly space: string;
  /** The options of `socket` that have a meaning for it. */
  readonly socketOptions: readonly (keyof ResolvedSocket)[];
  /** Parses the part after `://`. @param text the whole address, for messages @throws SLUICE_CONFIG_INVALID */
  parse(rest: string, text: string): ListenAddress;
}

/**
 * Parses the address that a listener binds, by the rules of its scheme: `tcp://host:port`, `unix:///path`.
 * @throws SLUICE_CONFIG_INVALID
 */
export function parseListen(text: string, schemes: readonly ListenScheme[]): ListenAddress {
  const form = listenForm(schemes);
  refuseBlanks(text, form);
  const [, before, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  const scheme = schemes.find((each) => each.scheme === before?.toLowerCase());
  if (scheme === undefined) throw new SluiceError("SLUICE_CONFIG_INVALID", `expected ${form}, got ${JSON.stringify(text)}`);
  return scheme.parse(rest, text);
}

/** How addresses are written, for messages: an example, and the others. */
export function listenForm([first, ...others]: readonly ListenScheme[]): string {
  return `"${first?.form}" (or ${others.map(({ form }) => form).join(", ")})`;
}

/** The scheme that an address was written with. */
export function schemeOf<S extends ListenScheme>({ scheme, transport }: Pick<ListenAddress, "scheme" | "transport">, all: readonly S[]): S {
  const found = all.find((each) => each.scheme === (scheme ?? transport));
  if (found === undefined) throw new SluiceError("SLUICE_INTERNAL", `there is no transport ${scheme ?? transport}`);
  return found;
}

/** `tcp://127.0.0.1:8080`, as a listener's address is written. */
export function addressText({
  scheme,
  transport,
  host,
  port,
  path,
}: Pick<ListenAddress, "scheme" | "transport" | "host" | "port" | "path">): string {
  return `${scheme ?? transport}://${path ?? `${host.includes(":") ? `[${host}]` : host}:${port}`}`;
}
