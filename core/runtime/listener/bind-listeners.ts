import { addressText } from "../../contract/config/listen-address.ts";
import { reasonOf, SluiceError, type ListenAddress, type ResolvedConfig, type ResolvedListener } from "../../contract/index.ts";
import type { BoundSocket, ListenOptions } from "../../net/accept/bound-socket.ts";
import { settledAddress } from "../../net/accept/listen-host.ts";
import { transportOf } from "../../net/transports/table.ts";
import { listenPlace } from "./listen-place.ts";
import { listenOptions } from "./listen-options.ts";
import type { Listener } from "./listener.ts";
import { claimSockets, placeOf, type Claim, type WantedSocket } from "../generation/socket-claims.ts";
import type { MovableSocket, SocketBeside } from "./socket-beside.ts";

/** The socket of a listener of the next config. */
interface Binding<L> {
  readonly bound: BoundSocket;
  /** The running listener that goes on under its name, on this socket. */
  readonly goesOn: L | undefined;
  /** The running listener that the socket belongs to, or belonged to until now. */
  readonly from: L | undefined;
}

/** A running listener, as binding sees it. */
export interface BoundListener {
  readonly name: string;
  readonly bound: BoundSocket;
  readonly version: { readonly config: ResolvedListener };
}

/** Binds the address of a listener. */
type Bind = (listener: ResolvedListener, address: ListenAddress, options: ListenOptions) => Promise<BoundSocket>;

/** Sockets for all listeners of a config. */
export interface Bindings<L extends BoundListener = Listener> {
  /** Sockets by the name of the listener. */
  readonly sockets: ReadonlyMap<string, Binding<L>>;
  /**
   * Closes what this reload has bound, and binds the sockets again that made room for it.
   *
   * @returns messages for those that could not be bound again
   */
  undo(): Promise<readonly string[]>;
}

/** A socket that is bound now. */
interface Running<L> extends MovableSocket {
  /** Undefined: it does not belong to a listener. */
  readonly listener: L | undefined;
}

/** A running listener as `claimSockets` and a plan see it. */
export function holderOf<L extends BoundListener>(listener: L): Running<L> & { readonly config: ResolvedListener; readonly listener: L } {
  const { config } = listener.version;
  return {
    listener,
    config,
    bound: boundAddress(listener),
    release: () => listener.bound.close(),
    reopen: () => listener.bound.reopen(),
  };
}

/** The sockets that are bound now, and those that a config wants, with the one beside the listeners'. */
export function withBeside<L>(
  running: readonly Running<L>[],
  listeners: readonly ResolvedListener[],
  beside: SocketBeside | undefined,
): readonly [readonly Running<L>[], readonly WantedSocket[]] {
  return [
    beside?.running === undefined ? running : [...running, { ...beside.running, listener: undefined }],
    beside?.next === undefined ? listeners : [beside.next, ...listeners],
  ];
}

/** What binding may be given. */
interface BindOptions {
  /** Binds an address. @default the address's transport */
  readonly bind?: Bind | undefined;
  readonly beside?: SocketBeside | undefined;
}

/**
 * Binds the sockets that the listeners of a config need and do not have yet. A socket whose address stays is kept or handed over. A socket that
 * overlaps a new address is closed, and the new address bound within the same turn of the event loop, as the last step. If something refuses the
 * config after that, the old socket is bound again.
 *
 * @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE; then all sockets are bound as before
 */
export async function bindListeners<L extends BoundListener>(
  config: ResolvedConfig,
  running: ReadonlyMap<string, L>,
  { bind = bindHere, beside }: BindOptions = {},
): Promise<Bindings<L>> {
  const listeners = await Promise.all(config.listeners.map(async (each) => ({ ...each, address: await settled(each.address) })));
  const [holders, next] = withBeside<L>(Array.from(running.values(), holderOf), listeners, beside);
  const claims = claimSockets(holders, next);
  const binder = new Binder<L>(config, bind);
  try {
    const clear = (claim: Claim<Running<L>>): boolean => claim.inTheWay.length === 0;
    const crowded = (claim: Claim<Running<L>>): boolean => !clear(claim);
    // Addresses that overlap come last: after the old sockets are closed, nothing else must delay the new ones.
    for (const wanted of [clear, crowded])
      for (const [at, each] of next.entries()) {
        const claim = claims.get(each.name);
        if (claim === undefined || !wanted(claim)) continue;
        const listener = listeners[at - (next.length - listeners.length)];
        // One after the other, so that the first address that fails is the one named.
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await (listener === undefined ? binder.takeBeside(beside, claim) : binder.take(listener, claim));
      }
  } catch (error) {
    const lost = await binder.undo();
    if (lost.length === 0) throw error;
    throw new SluiceError("SLUICE_ADDRESS_IN_USE", [reasonOf(error), ...lost].join("; "), { cause: error });
  }
  return { sockets: binder.sockets, undo: () => binder.undo() };
}

/** The address to compare: a name is looked up, unless its transport binds all addresses of the name. */
async function settled(address: ListenAddress): Promise<ListenAddress> {
  return transportOf(address).everyAddress ? address : settledAddress(address);
}

/** The address of a running listener, as it is bound. */
function boundAddress({ version, bound: { local } }: BoundListener): ListenAddress {
  const { address } = version.config;
  return address.path === undefined ? { ...address, host: local.address, port: local.port } : address;
}

class Binder<L extends BoundListener> {
  readonly sockets = new Map<string, Binding<L>>();
  /** Functions that close what was bound. */
  readonly #fresh: (() => void)[] = [];
  readonly #released: Running<L>[] = [];
  /** Functions that restore the access to unix sockets. */
  readonly #permitted: (() => void)[] = [];

  constructor(
    private readonly config: ResolvedConfig,
    private readonly bind: Bind,
  ) {}

  async take(listener: ResolvedListener, claim: Claim<Running<L>>): Promise<void> {
    const goesOn = claim.goesOn?.listener;
    const from = claim.socketOf?.listener;
    if (from !== undefined) {
      await placed(listener, this.config, () => this.#permit(from.bound, listener));
      this.sockets.set(listener.name, { bound: from.bound, goesOn, from });
      return;
    }
    this.#clear(claim);
    const own = this.config.listeners.find(({ name }) => name === listener.name) ?? listener;
    const address = claim.inTheWay.length === 0 ? own.address : placeOf(listener, claim);
    const bound = await placed(own, this.config, () => this.bind(own, address, listenOptions(own, this.config)));
    this.#fresh.push(() => bound.close());
    this.sockets.set(listener.name, { bound, goesOn, from: undefined });
  }

  async takeBeside(beside: SocketBeside | undefined, claim: Claim<Running<L>>): Promise<void> {
    if (beside?.next === undefined) return;
    if (claim.socketOf !== undefined) {
      beside.keep();
      return;
    }
    this.#clear(claim);
    this.#fresh.push(await beside.bind(placeOf(beside.next, claim)));
  }

  /** Closes the sockets that are in the way. */
  #clear({ inTheWay }: Claim<Running<L>>): void {
    for (const holder of inTheWay) {
      // Two new addresses may overlap the same one.
      if (this.#released.includes(holder)) continue;
      holder.release();
      this.#released.push(holder);
    }
  }

  #permit(bound: BoundSocket, { name, socket = {} }: ResolvedListener): void {
    const { mode, group } = socket;
    const takeBack = mode === undefined && group === undefined ? undefined : bound.permit?.(socket, name);
    if (takeBack !== undefined) this.#permitted.push(takeBack);
  }

  async undo(): Promise<string[]> {
    for (const takeBack of this.#permitted) takeBack();
    for (const close of this.#fresh) close();
    const lost = await Promise.all(
      this.#released.map(async (holder) => {
        const { listener, config, bound } = holder;
        try {
          await holder.reopen();
          return [];
        } catch (error) {
          const who = listener === undefined ? config.name : `listener "${listener.name}"`;
          return [`${who}: ${addressText(bound)} could not be bound again (${reasonOf(error)}): reload to try again`];
        }
      }),
    );
    return lost.flat();
  }
}

function bindHere({ name }: ResolvedListener, address: ListenAddress, options: ListenOptions): Promise<BoundSocket> {
  return transportOf(address).bind(address, name, options);
}

/** Adds the place of the address in the config to an error. An error of another option names that option itself, and gets the file. */
async function placed<T>({ name, address }: ResolvedListener, { file }: ResolvedConfig, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (file === undefined || !SluiceError.is(error)) throw error;
    throw error.at(error.code === "SLUICE_CONFIG_INVALID" ? file : `${listenPlace(file, address)}: listeners.${name}.listen`);
  }
}
