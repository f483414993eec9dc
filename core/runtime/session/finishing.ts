import type { Leg } from "../../contract/index.ts";
import type { Flow } from "../../flow/pump/flow.ts";

/** Milliseconds that a peer may take to end its side after it has got our FIN. */
const LINGER_MS = 200;
/** How many times as long a slow peer may take to read what is pending. */
const PATIENCE = 50;

/**
 * Ends a session that first delivers what it holds. Its flows finish. With a FIN, each leg then closes when its peer does, or after a moment, since
 * closing a socket with unread bytes would send a reset (RFC 9293 section 3.6). With a reset, the legs wait until pending bytes are sent.
 */
export class Finishing {
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #left = PATIENCE;

  /** @param close destroys the legs. Called once, unless the legs close by themselves */
  constructor(
    private readonly flows: readonly Flow[],
    private readonly legs: readonly Leg[],
    private readonly how: "fin" | "reset",
    private readonly close: () => void,
  ) {}

  /** @param patience a factor: how much longer than for a FIN it waits for a peer that reads what is pending */
  start(patience = PATIENCE): void {
    this.#left = patience;
    for (const flow of this.flows) flow.finish(this.how);
    this.#started = true;
    this.flowDone();
  }

  /** A flow may be over. */
  flowDone(): void {
    if (!this.#started || this.#timer !== undefined || !this.flows.every(({ over }) => over)) return;
    if (this.legs.every(({ datagrams, pending }) => datagrams || (this.how === "reset" && pending === 0))) {
      this.close();
      return;
    }
    this.#linger();
    if (this.how === "fin") return;
    for (const leg of this.legs) leg.onDrain = () => this.#drained();
  }

  #linger(): void {
    this.#timer = setTimeout(() => {
      this.#left -= 1;
      if (this.#left > 0 && this.legs.some(({ pending }) => pending > 0)) this.#linger();
      else this.close();
    }, LINGER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #drained(): void {
    if (this.legs.every(({ pending }) => pending === 0)) this.close();
  }
}
