import { existsSync } from "node:fs";
import path from "node:path";
import { addressText } from "../contract/endpoint.ts";
import { SluiceError, type ListenAddress, type ResolvedConfig, type ResolvedListener } from "../contract/index.ts";
import { StreamListener } from "../net/stream-listener.ts";
import { UdpListener } from "../net/udp-listener.ts";
import { listenPlace } from "./listen-place.ts";
import type { Bound, Listener } from "./listener.ts";
import { sameAddress, takesOver } from "./reload-plan.ts";

/** Sockets for the listeners of a config that do not run yet. */
export interface Bindings {
  /** By listener: the socket, and the running listener that it is taken over from, if any. */
  readonly sockets: ReadonlyMap<string, { readonly bound: Bound; readonly from: Listener | undefined }>;
  /** Closes what was bound anew. */
  undo(): void;
}

/**
 * Binds the listeners that are new or have moved. A socket that the reload would close and bind again at once is taken over instead.
 *
 * @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE; then nothing stays bound
 */
export async function bindListeners(config: ResolvedConfig, running: ReadonlyMap<string, Listener>): Promise<Bindings> {
  const leaving = [...running.values()].filter((listener) => !stays(listener, config));
  const sockets = new Map<string, { bound: Bound; from: Listener | undefined }>();
  const undo = (): void => {
    for (const { bound, from } of sockets.values()) if (from === undefined) bound.close();
  };
  try {
    for (const listener of config.listeners) {
      const now = running.get(listener.name);
      if (now !== undefined && sameAddress(now.terms.config.address, listener.address)) continue;
      const from = takeOver(leaving, listener);
      // One after the other, so that the first address that fails is the one named.
      // oxlint-disable-next-line no-await-in-loop
      sockets.set(listener.name, { bound: from?.bound ?? (await bind(listener, config)), from });
    }
  } catch (error) {
    undo();
    throw error;
  }
  return { sockets, undo };
}

function stays(listener: Listener, config: ResolvedConfig): boolean {
  const next = config.listeners.find(({ name }) => name === listener.name);
  return next !== undefined && sameAddress(listener.terms.config.address, next.address);
}

function takeOver(leaving: Listener[], next: ResolvedListener): Listener | undefined {
  const at = leaving.findIndex((old) => takesOver(old.terms.config, boundAddress(old), next));
  return at < 0 ? undefined : leaving.splice(at, 1)[0];
}

/** The address of a running listener, with the port that it was given. */
export function boundAddress({ terms, local }: Listener): ListenAddress {
  const { address } = terms.config;
  return address.path === undefined ? { ...address, port: local.port } : address;
}

async function bind({ name, address }: ResolvedListener, { limits, timeouts, file }: ResolvedConfig): Promise<Bound> {
  try {
    refuseMissingFolder(name, address);
    if (address.transport === "udp") return await UdpListener.bind(address, name, { max: limits.udpSessions, idle: timeouts.udpIdle });
    return await StreamListener.bind(address, name);
  } catch (error) {
    if (file === undefined || !(error instanceof Error) || !("at" in error)) throw error;
    throw (error as { at(where: string): Error }).at(`${listenPlace(file, address)}: listeners.${name}.listen`);
  }
}

/** Node says of such a socket, on every platform, that it may not be bound. @throws SLUICE_ADDRESS_UNAVAILABLE */
function refuseMissingFolder(name: string, address: ListenAddress): void {
  if (address.path === undefined || existsSync(path.dirname(address.path))) return;
  const detail = `listener "${name}" cannot listen on ${addressText(address)}: there is no folder ${path.dirname(address.path)}, create it first`;
  throw new SluiceError("SLUICE_ADDRESS_UNAVAILABLE", detail);
}
