import { take, type Observable, type Subscription } from "rxjs";
import type { Endpoint, LegReader } from "../../contract/index.ts";
import { goneAfterReload, type UdpUpstreamLeg } from "./udp-upstream-leg.ts";
import { DatagramLeg } from "./datagram-leg.ts";

/** Datagrams kept while another path is opened. */
const WAITING = 64;
/** Milliseconds between two choices after every path was refused. */
const PAUSE = 200;

/** A flow's open socket to one endpoint. */
export interface UdpPath {
  readonly endpoint: Endpoint;
  readonly leg: UdpUpstreamLeg;
  /** When the name should be looked up again, on the clock of `performance.now()`; Infinity: the endpoint has no name. */
  readonly staleAt: number;
  /** Is told when the endpoint refuses datagrams. */
  owner: PathOwner | undefined;
  /** Looks the name up again. @param moved called when the name no longer has the address in use */
  lookAgain(moved: () => void): void;
}

export interface PathOwner {
  pathRefused(path: UdpPath): void;
}

/** Opens a path to the given endpoint, or to the next one. Cold. */
export type OpenPath = (endpoint: Endpoint | undefined) => Observable<UdpPath>;

/**
 * The upstream leg of a UDP session that has a choice: another endpoint, or another address of a name. A session may last for days, so it moves when
 * ICMP reports that nobody receives its datagrams, or when the name has other addresses. The refused datagram has reached nobody, so the last one is
 * sent again on the new path.
 */
export class LastingUdpLeg extends DatagramLeg implements PathOwner {
  #path: UdpPath;
  #reader: LegReader | undefined;
  /** The last datagram that was sent and has had no answer. */
  #last: Buffer | undefined;
  #opening: Subscription | undefined;
  #waiting: Buffer[] | undefined;
  /** Refusals since the last answer, and the time from which another path may be chosen. */
  #refusals = 0;
  #chooseAt = 0;
  #isReplaced = false;

  /** @param choices the number of paths to choose from */
  constructor(
    path: UdpPath,
    private readonly choices: number,
    private readonly open: OpenPath,
  ) {
    super();
    this.#path = path;
    path.owner = this;
  }

  /** The endpoint in use now. */
  get endpoint(): string {
    return this.#path.endpoint.text;
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.#listen();
  }

  write(datagram: Buffer): boolean {
    if (this.closed) return true;
    if (this.#waiting !== undefined) {
      if (this.#waiting.length < WAITING) this.#waiting.push(datagram);
      return true;
    }
    this.#last = datagram;
    if (this.#path.staleAt !== Infinity && performance.now() >= this.#path.staleAt) this.#lookAgain();
    this.#path.leg.write(datagram);
    return true;
  }

  /** A reload has replaced the upstream: the other paths are no longer in the config. */
  replaced(): void {
    this.#isReplaced = true;
  }

  protected release(): void {
    this.#opening?.unsubscribe();
    this.#waiting = undefined;
    this.#last = undefined;
    this.#path.leg.destroy();
  }

  pathRefused(path: UdpPath): void {
    if (path !== this.#path || this.#waiting !== undefined || this.closed) return;
    if (this.#isReplaced) {
      this.#reader?.failed(goneAfterReload());
      return;
    }
    this.#refusals += 1;
    if (this.#refusals > this.choices && performance.now() < this.#chooseAt) return;
    this.#chooseAt = performance.now() + PAUSE;
    // Every path was refused: sending again would go on for ever.
    const last = this.#refusals > this.choices ? undefined : this.#last;
    this.#renew(undefined, last === undefined ? [] : [last]);
  }

  #lookAgain(): void {
    const path = this.#path;
    path.lookAgain(() => {
      if (path === this.#path && this.#waiting === undefined && !this.closed) this.#renew(path.endpoint, []);
    });
  }

  #renew(endpoint: Endpoint | undefined, waiting: Buffer[]): void {
    this.#waiting = waiting;
    this.#opening = this.open(endpoint)
      .pipe(take(1))
      .subscribe({
        next: (path) => {
          this.#use(path);
        },
        error: () => {
          this.#flush();
        },
      });
  }

  #use(path: UdpPath): void {
    if (this.closed) {
      path.leg.destroy();
      return;
    }
    const before = this.#path;
    this.#path = path;
    path.owner = this;
    before.owner = undefined;
    before.leg.destroy();
    this.#listen();
    this.#flush();
  }

  #flush(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const datagram of waiting) this.write(datagram);
  }

  #listen(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#path.leg.read({
      done: true,
      data: (datagram) => {
        this.#last = undefined;
        this.#refusals = 0;
        return reader.data(datagram);
      },
      end: () => undefined,
      // Not an error of the socket: its endpoint is down.
      failed: (error) => {
        reader.failed(error);
      },
    });
  }
}
