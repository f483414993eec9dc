import { isIP } from "node:net";
import { take, type Subscription } from "rxjs";
import type { Address, DatagramTarget } from "../../contract/index.ts";
import type { RelayWay } from "./relay-way.ts";

/** Milliseconds for which the address of a name is used at least, before the name is looked up again. */
const LOOK_AGAIN = 1_000;

/** The relay, as its targets see it. */
export interface TargetHost {
  way(): RelayWay;
  /** Whether datagrams may go there. */
  permits(address: string, target: DatagramTarget): boolean;
  /** Whether this datagram may wait too. */
  keeps(datagram: Buffer): boolean;
  /** A datagram that waited is sent or dropped now. */
  released(datagram: Buffer): void;
  send(datagram: Buffer, address: string, port: number): void;
  drop(why: string, datagrams?: number): void;
}

/** One target of a relay: the address in use, and the datagrams that wait for one. The address stays in use as long as the name has it. */
export class RelayTarget {
  #address: string | undefined;
  #staleAt = 0;
  #lookUp: Subscription | undefined;
  #waiting: Buffer[] = [];

  constructor(
    readonly target: DatagramTarget,
    private readonly host: TargetHost,
  ) {
    if (isIP(target.host) === 0) return;
    this.#staleAt = Infinity;
    if (host.permits(target.host, target)) this.#address = target.host;
  }

  write(datagram: Buffer): void {
    if (performance.now() < this.#staleAt) this.#send(datagram);
    else if (this.host.keeps(datagram)) {
      this.#waiting.push(datagram);
      if (this.#waiting.length === 1) this.#ask();
    } else this.host.drop("waiting");
  }

  /** Nothing more is sent to this target. */
  close(): void {
    this.#lookUp?.unsubscribe();
    this.host.drop("closed", this.#release().length);
  }

  #send(datagram: Buffer): void {
    if (this.#address === undefined) this.host.drop("refused");
    else this.host.send(datagram, this.#address, this.target.port);
  }

  #ask(): void {
    const settled = (addresses: readonly Address[] | undefined): void => {
      if (addresses !== undefined) this.#choose(addresses);
      const waiting = this.#release();
      if (addresses === undefined || addresses.length === 0) this.host.drop("name", waiting.length);
      else for (const datagram of waiting) this.#send(datagram);
    };
    let answer: readonly Address[] | undefined;
    const lookUp = this.host
      .way()
      .resolve(this.target.host)
      .pipe(take(1))
      .subscribe({
        next: (addresses) => (answer = addresses),
        error: () => settled(undefined),
        complete: () => settled(answer),
      });
    if (!lookUp.closed) this.#lookUp = lookUp;
  }

  #choose(addresses: readonly Address[]): void {
    // UDP has no handshake that shows which family works, so IPv4 comes first: it works on most networks.
    const permitted = addresses.toSorted((a, b) => a.family - b.family).filter(({ address }) => this.host.permits(address, this.target));
    const best = permitted.find(({ address }) => address === this.#address) ?? permitted[0];
    this.#address = best?.address;
    const seconds = (best ?? addresses[0])?.ttl ?? 0;
    this.#staleAt = performance.now() + Math.max(LOOK_AGAIN, seconds * 1_000);
  }

  #release(): readonly Buffer[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const datagram of waiting) this.host.released(datagram);
    return waiting;
  }
}
