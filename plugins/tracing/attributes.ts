import type { Attributes } from "@opentelemetry/api";
import { catalogue, type Session, type SocketAddress } from "sluice";

// Names from OpenTelemetry's semantic conventions 1.44; other names begin with `sluice.`.

/** The attributes of the client's connection: addresses and transport. */
export function connectionAttributes(session: Session): Attributes {
  const { client, peer, local } = session;
  const { serverName } = session.tls ?? {};
  return {
    "network.transport": session.datagrams ? "udp" : peer.family === "unix" ? "unix" : "tcp",
    ...(peer.family === "unix" ? {} : { "network.type": peer.family === "IPv6" ? "ipv6" : "ipv4" }),
    ...ends("network.peer", peer),
    ...ends("network.local", local),
    ...ends("client", client),
    ...(serverName === undefined ? ends("server", local) : { "server.address": serverName, ...portOf("server", local.port) }),
  };
}

/** The attributes that identify the session. */
export function sessionAttributes({ id, listener }: Session): Attributes {
  return { "sluice.listener": listener, "sluice.session.id": id };
}

/** @param prefix such as `client` or `network.peer` */
export function ends(prefix: string, { address, port }: Pick<SocketAddress, "address" | "port">): Attributes {
  return address === "" ? {} : { [`${prefix}.address`]: withoutBrackets(address), ...portOf(prefix, port) };
}

/** The conventions have an IPv6 address without the brackets that it has in a URL. */
const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, "$1");

function portOf(prefix: string, port: number): Attributes {
  return port === 0 ? {} : { [`${prefix}.port`]: port };
}

/** The attributes of an endpoint. @param endpoint as in the config: `host:port`, `[v6]:port`, `unix:/path`. */
export function endpointAttributes(endpoint: string): Attributes {
  if (endpoint.startsWith("unix:")) return { "server.address": endpoint.slice("unix:".length).replace(/^\/\/(?=\/)/, "") };
  const [, host = endpoint, port = "0"] = /^(.*):(\d+)$/.exec(endpoint) ?? [];
  return ends("server", { address: host, port: Number(port) });
}

/** Ends that somebody asked for. */
const wanted: ReadonlySet<string> = new Set(["closed", "SLUICE_CLOSED", "SLUICE_DRAIN_DEADLINE"]);

/** Whether a code counts as a failure. A client that leaves or is refused is not a failure of the server (HTTP conventions for status codes 4xx). */
export function isFailure(code: string): boolean {
  if (wanted.has(code)) return false;
  const known: Readonly<Record<string, { readonly source: string }>> = catalogue;
  return known[code]?.source !== "client";
}
