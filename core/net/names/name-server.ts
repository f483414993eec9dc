import { Resolver } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { codeOf } from "./search-list.ts";

/** Milliseconds that a server has if the last question to it got no answer and there are others. For less, no question is sent. */
const BRIEF = 250;

/** One question to one name server. */
export type Question<T> = (resolver: Resolver) => Promise<T>;

/**
 * One name server, with a resolver of Node's for it alone: among several servers, Node's resolver leaves out one that lost a datagram, for as long as
 * it likes, and what the others say of its names then counts.
 */
export class NameServer {
  readonly #resolver: Resolver;
  /** The last question got no answer. */
  #isSilent = false;

  /**
   * @param address `address` or `address:port`
   * @param patience milliseconds for one answer
   * @throws SLUICE_CONFIG_INVALID for another form of address
   */
  constructor(
    address: string,
    private readonly patience: number,
  ) {
    this.#resolver = new Resolver({ timeout: patience, tries: 1 });
    try {
      this.#resolver.setServers([address]);
    } catch (error) {
      throw new SluiceError("SLUICE_CONFIG_INVALID", `dns.servers: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Rejects with Node's DNS errors. @param briefly a server that was silent the last time need not be waited for */
  async ask<T>(question: Question<T>, briefly: boolean): Promise<T> {
    const isBrief = briefly && this.#isSilent;
    const asked = this.#listen(question);
    if (!isBrief) return asked;
    // The question goes on: an answer shows that the server is back.
    asked.catch(() => undefined);
    return Promise.race([asked, silence()]);
  }

  /** Cancels questions under way: they reject with ECANCELLED. */
  close(): void {
    this.#resolver.cancel();
  }

  async #listen<T>(question: Question<T>): Promise<T> {
    try {
      const answer = await this.#patiently(question);
      this.#isSilent = false;
      return answer;
    } catch (error) {
      this.#isSilent = codeOf(error) === "ETIMEOUT";
      throw error;
    }
  }

  /** Asks again until the time is over: Node's resolver gives a server that has answered quickly before only a part of it. */
  async #patiently<T>(question: Question<T>): Promise<T> {
    const end = performance.now() + this.patience - BRIEF;
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- it is asked again only if there was no answer
        return await question(this.#resolver);
      } catch (error) {
        if (codeOf(error) !== "ETIMEOUT" || performance.now() >= end) throw error;
      }
    }
  }
}

async function silence(): Promise<never> {
  await delay(BRIEF, undefined, { ref: false });
  throw Object.assign(new Error(`no answer within ${BRIEF} ms`), { code: "ETIMEOUT" });
}
