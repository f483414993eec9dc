import type { Socket } from "node:net";

// Happy Eyeballs (RFC 8305 section 5), for one place or several:
//
//   place 1 ──connecting────────────────────────x destroyed
//   place 2      250 ms └──connecting──connected ─▶ won
//   place 3                  (sooner when one fails)

/** How long one connection attempt has for itself before the next joins, in milliseconds (RFC 8305 section 8). */
const STAGGER = 250;

/** Somewhere to connect to. */
export type Destination = { readonly host: string; readonly port: number } | { readonly path: string };

/** A connection that is being opened. Its socket has an error handler of its own. */
export interface PendingConnection {
  readonly socket: Socket;
}

export interface RaceOptions<D extends PendingConnection> {
  /** In order of preference; at least one. */
  readonly places: readonly Destination[];
  /** Starts connecting. An error that it throws counts as a failure of that place. */
  dial(place: Destination): D;
  /** The first that connected; the others are destroyed already. */
  won(dialled: D, place: Destination): void;
  /** A place failed, was overtaken by one that was dialled later, or had not answered when the race ended for taking too long. */
  missed?(place: Destination): void;
  /** None connected. @param error the failure of the first place */
  lost(error: unknown): void;
}

/**
 * Connects to the first of several places that answers. It sets no limit of time: the caller aborts.
 *
 * @returns a function that aborts: it destroys every socket and makes no more calls, except `missed` when the race took too long
 */
export function race<D extends PendingConnection>(options: RaceOptions<D>): (tooLong?: boolean) => void {
  const run = new Race(options);
  run.dialNext();
  return (tooLong = false) => run.abort(tooLong);
}

class Race<D extends PendingConnection> {
  /** Open attempts, with their position in the order of dialling. */
  readonly #open = new Map<D, number>();
  readonly #failures: unknown[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #dialled = 0;
  #done = false;

  constructor(private readonly options: RaceOptions<D>) {}

  dialNext(): void {
    this.#holdNext();
    const index = this.#dialled;
    const place = this.options.places[index];
    if (place === undefined) return;
    this.#dialled += 1;
    let dialled: D;
    try {
      dialled = this.options.dial(place);
    } catch (error) {
      this.#failed(index, error);
      return;
    }
    this.#open.set(dialled, index);
    this.#watch(dialled, place);
    if (this.#dialled < this.options.places.length) this.#timer = setTimeout(() => this.#dialNextInTurn(), STAGGER);
  }

  /** Ends the race, and destroys every socket that is still connecting. */
  finish(): void {
    this.#done = true;
    this.#holdNext();
    for (const { socket } of this.#open.keys()) socket.destroy();
    this.#open.clear();
  }

  abort(tooLong: boolean): void {
    if (tooLong) this.#missedBefore(this.#dialled);
    this.finish();
  }

  /** After a look at the sockets: if it was this process that stood still, the place may have answered long ago. */
  #dialNextInTurn(): void {
    this.#turn = setImmediate(() => this.dialNext());
  }

  #holdNext(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  #missedBefore(index: number): void {
    for (const each of this.#open.values()) if (each < index) this.#missed(each);
  }

  #missed(index: number): void {
    const place = this.options.places[index];
    if (place !== undefined) this.options.missed?.(place);
  }

  #watch(dialled: D, place: Destination): void {
    const { socket } = dialled;
    const index = this.#dialled - 1;
    const onError = (error: unknown): void => {
      this.#open.delete(dialled);
      if (!this.#done) this.#failed(index, error);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      if (!this.#open.delete(dialled)) return;
      this.#missedBefore(index);
      this.finish();
      this.options.won(dialled, place);
    });
  }

  #failed(index: number, error: unknown): void {
    this.#failures[index] = error;
    this.#missed(index);
    if (this.#dialled < this.options.places.length) {
      this.dialNext();
      return;
    }
    if (this.#open.size > 0) return;
    this.finish();
    this.options.lost(this.#failures[0]);
  }
}
