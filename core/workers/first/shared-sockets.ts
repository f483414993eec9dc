import type { ResolvedConfig, ResolvedListener, SocketAddress } from "../../contract/index.ts";
import type { Bound } from "../../net/accept/bound.ts";
import { transportOf } from "../../net/transports/table.ts";
import { bindListeners, type Bindings, type BoundListener } from "../../runtime/listener/bind-listeners.ts";
import type { HandedSocket } from "../wire/calls.ts";
import type { OnItsWay } from "./worker-process.ts";

/** Sockets for the next generation. */
export interface PlannedSockets {
  /** For workers that have those in force. */
  readonly plan: ReadonlyMap<string, HandedSocket>;
  commit(): void;
  /** @returns what could not be bound again, for people */
  undo(): Promise<readonly string[]>;
}

/** The sockets of the listeners that stream: bound here, so that one listens whichever workers there are. */
export class SharedSockets {
  #listeners: ReadonlyMap<string, BoundListener> = new Map();
  readonly #ids = new Map<Bound, number>();
  #last = 0;

  /** @param take takes their clients */
  constructor(private readonly take: (client: OnItsWay) => void) {}

  /** Where they are, by listener. */
  get addresses(): ReadonlyMap<string, SocketAddress> {
    return new Map(Array.from(this.#listeners, ([name, { bound }]) => [name, bound.local]));
  }

  /** Those in force, for a worker that has none. */
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

  /** @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE; then all is bound as it was before */
  async bind(config: ResolvedConfig): Promise<PlannedSockets> {
    const listeners = config.listeners.filter(({ address }) => !transportOf(address).datagrams);
    const bindings = await bindListeners({ ...config, listeners }, this.#listeners);
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

  /** Stops accepting. What another process has too is left to it. */
  leave(): void {
    for (const { bound } of this.#listeners.values())
      if (bound.leave === undefined) bound.close();
      else bound.leave();
    this.#listeners = new Map();
    this.#ids.clear();
  }

  #handed(bound: Bound, goesOn: BoundListener | undefined, from: BoundListener | undefined): HandedSocket {
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

  /** New ones are listened to from now on: who comes before any worker serves it waits. */
  #idOf(bound: Bound): number {
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
