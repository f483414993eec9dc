import type { Leg } from "../../contract/index.ts";
import type { Flow } from "../../flow/pump/flow.ts";

/** How long a peer that was told the end may take for its own. */
const LINGER_MS = 200;
/** How many times as long a slow one may take for what is pending. */
const PATIENCE = 50;

/**
 * The end of a session that delivers first what it holds. Its flows finish; with a FIN the legs then close as their peers do, or after a
 * moment: to close a socket in which bytes wait unread would be a reset (RFC 9293 section 3.6). With a reset they wait for what is pending.
 */
export class Finishing {
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #left = PATIENCE;

  /** @param close destroys the legs; called once, unless they close by themselves */
  constructor(
    private readonly flows: readonly Flow[],
    private readonly legs: readonly Leg[],
    private readonly how: "fin" | "reset",
    private readonly close: () => void,
  ) {}

  start(): void {
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
