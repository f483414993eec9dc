import { socketAddress, type ResolvedConfig, type ResolvedListener, type SocketAddress } from "../../contract/index.ts";
import type { BoundSocket } from "../../net/accept/bound-socket.ts";
import { HandedAcceptor } from "../../net/accept/streams/handed-acceptor.ts";
import { closeConnection, type Connection } from "../../net/node/raw-accept.ts";
import { transportOf } from "../../net/transports/table.ts";
import { bindListeners, type Bindings } from "../../runtime/listener/bind-listeners.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import type { HandedSocket, SocketPlan } from "../wire/calls.ts";
import { addressOf } from "../wire/sent-address.ts";
import { AbsentAcceptor } from "./absent-acceptor.ts";
import { portOf } from "./take-over.ts";

type Sockets = Map<string, Bindings["sockets"] extends ReadonlyMap<string, infer B> ? B : never>;

/** The sockets of this worker's listeners: stream sockets, which the first process has, and datagram sockets, which this worker may have itself. */
export class HandedSockets {
  readonly #byId = new Map<number, HandedAcceptor>();

  /** Takes a client of a stream socket. */
  take(id: number, connection: Connection): void {
    const socket = this.#byId.get(id);
    if (socket === undefined) closeConnection(connection);
    else socket.take(connection);
  }

  /** Binds as the first process has planned. @throws the error of an address that this worker binds itself */
  async bind(config: ResolvedConfig, running: ReadonlyMap<string, Listener>, plan: SocketPlan): Promise<Bindings> {
    const before = new Set(this.#byId.keys());
    const sockets: Sockets = new Map();
    for (const [name, socket] of plan.streams) sockets.set(name, await this.#handed(name, socket, running));
    const datagrams = await this.#datagrams(config, running, plan);
    for (const [name, binding] of datagrams.sockets) sockets.set(name, binding);
    return {
      sockets,
      undo: async () => {
        for (const id of this.#byId.keys()) if (!before.has(id)) this.#byId.delete(id);
        return datagrams.undo();
      },
    };
  }

  /** Forgets sockets that are not in the plan in force. */
  keepOnly(plan: SocketPlan): void {
    const kept = new Set(Array.from(plan.streams.values(), ({ id }) => id));
    for (const id of this.#byId.keys()) if (!kept.has(id)) this.#byId.delete(id);
  }

  async #handed(name: string, socket: HandedSocket, running: ReadonlyMap<string, Listener>) {
    const bound = this.#byId.get(socket.id) ?? (await HandedAcceptor.open(addressOf(socket.local)));
    this.#byId.set(socket.id, bound);
    const goesOn = socket.goesOn ? running.get(name) : undefined;
    return { bound, goesOn, from: socket.from === undefined ? undefined : running.get(socket.from) };
  }

  #datagrams(config: ResolvedConfig, running: ReadonlyMap<string, Listener>, plan: SocketPlan): Promise<Bindings> {
    const listeners = config.listeners.filter(({ address }) => transportOf(address).datagrams);
    const own = new Map([...running].filter(([, { datagrams }]) => datagrams));
    // A worker that replaces another one binds the same ports.
    const placed = own.size > 0 ? listeners : listeners.map((each) => withPort(each, plan.datagrams.get(each.name)));
    return bindListeners({ ...config, listeners: placed }, own, { bind: plan.ownsDatagrams ? undefined : absent });
  }
}

function withPort(listener: ResolvedListener, now: SocketAddress | undefined): ResolvedListener {
  return { ...listener, address: portOf(listener.address, now) };
}

function absent({ address }: ResolvedListener): Promise<BoundSocket> {
  return Promise.resolve(new AbsentAcceptor(socketAddress(address.host, address.port, address.host.includes(":") ? "IPv6" : "IPv4")));
}
