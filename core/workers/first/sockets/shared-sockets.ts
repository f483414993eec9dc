import type { ResolvedConfig, ResolvedListener, SocketAddress } from "../../../contract/index.ts";
import type { BoundSocket } from "../../../net/accept/bound-socket.ts";
import { transportOf } from "../../../net/transports/table.ts";
import { bindListeners, type Bindings, type BoundListener } from "../../../runtime/listener/bind-listeners.ts";
import type { SocketBeside } from "../../../runtime/listener/socket-beside.ts";
import type { Followers } from "../../../runtime/proxy/make-ready.ts";
import { rehearse } from "../../../runtime/proxy/rehearse.ts";
import type { HandedSocket } from "../../wire/calls.ts";
import type { OnItsWay } from "../processes/deliveries.ts";

/** Sockets for the next generation. */
export interface PlannedSockets {
  /** The plan for workers that have the sockets in force. */
  readonly plan: ReadonlyMap<string, HandedSocket>;
  commit(): void;
  /** @returns messages for the sockets that could not be bound again */
  undo(): Promise<readonly string[]>;
}

/** The sockets of stream listeners. They are bound in the first process, so that they listen no matter which workers live. */
export class SharedSockets {
  #listeners: ReadonlyMap<string, BoundListener> = new Map();
  readonly #ids = new Map<BoundSocket, number>();
  #last = 0;

  /** @param take takes the clients of the sockets */
  constructor(private readonly take: (client: OnItsWay) => void) {}

  /** The bound addresses, by listener. */
  get addresses(): ReadonlyMap<string, SocketAddress> {
    return new Map(Array.from(this.#listeners, ([name, { bound }]) => [name, bound.local]));
  }

  /** The plan of the sockets in force, for a new worker. */
  get plan(): ReadonlyMap<string, HandedSocket> {
    return new Map(
      Array.from(this.#listeners, ([name, { bound }]) => [
        name,
        { id: this.#idOf(bound), local: bound.local, goesOn: false, from: undefined },
      ]),
    );
  }

  get ids(): ReadonlySet<number> {
    return new Set(this.#ids.values());
  }

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE; then all sockets are bound as before */
  async bind(config: ResolvedConfig, beside: SocketBeside | undefined): Promise<PlannedSockets> {
    const listeners = streamsOf(config);
    const bindings = await bindListeners({ ...config, listeners }, this.#listeners, { beside });
    for (const { bound } of bindings.sockets.values()) this.#idOf(bound);
    return {
      plan: new Map(Array.from(bindings.sockets, ([name, { bound, goesOn, from }]) => [name, this.#handed(bound, goesOn, from)])),
      commit: () => {
        this.#commit(listeners, bindings);
      },
      undo: async () => {
        const lost = await bindings.undo();
        this.#forgetOthers();
        return lost;
      },
    };
  }

  /** Tries what accepting a config will have to do here, and undoes it. @throws the error that refuses the config */
  rehearse(config: ResolvedConfig, followers: Followers): Promise<void> {
    return rehearse({ ...config, listeners: streamsOf(config) }, this.#listeners, followers);
  }

  /** Stops accepting. Sockets that another process also has stay open there. */
  leave(): void {
    for (const { bound } of this.#listeners.values())
      if (bound.leave === undefined) bound.close();
      else bound.leave();
    this.#listeners = new Map();
    this.#ids.clear();
  }

  #handed(bound: BoundSocket, goesOn: BoundListener | undefined, from: BoundListener | undefined): HandedSocket {
    return { id: this.#idOf(bound), local: bound.local, goesOn: goesOn !== undefined, from: from?.name };
  }

  #commit(listeners: readonly ResolvedListener[], { sockets }: Bindings<BoundListener>): void {
    const before = this.#listeners;
    const next = new Map<string, BoundListener>();
    for (const config of listeners) {
      const bound = sockets.get(config.name)?.bound;
      if (bound !== undefined) next.set(config.name, { name: config.name, bound, version: { config } });
    }
    this.#listeners = next;
    const kept = new Set(Array.from(next.values(), ({ bound }) => bound));
    for (const { bound } of before.values()) if (!kept.has(bound)) bound.close();
    this.#forgetOthers();
  }

  #forgetOthers(): void {
    const kept = new Set(Array.from(this.#listeners.values(), ({ bound }) => bound));
    for (const bound of this.#ids.keys()) if (!kept.has(bound)) this.#ids.delete(bound);
  }

  /** The id of a socket. A new socket listens from now on: clients that come before a worker serves it wait. */
  #idOf(bound: BoundSocket): number {
    const known = this.#ids.get(bound);
    if (known !== undefined) return known;
    const id = ++this.#last;
    this.#ids.set(bound, id);
    bound.hand?.((connection) => {
      this.take({ socket: id, connection });
    });
    return id;
  }
}

function streamsOf({ listeners }: ResolvedConfig): readonly ResolvedListener[] {
  return listeners.filter(({ address }) => !transportOf(address).datagrams);
}
