import { nothingElsewhere, type Elsewhere, type Neighbours } from "../../runtime/state/neighbours.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import type { CountedClient, FirstCalls, OpenHere } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { answerWithin } from "./answer-within.ts";

/** Milliseconds that a session waits for an answer of the first process. */
const DECISION_MS = 500;

/** The other workers, for limits of sessions. The first process knows the numbers of all workers, and sends them with each connection. */
export class NeighboursOfWorkers implements Neighbours {
  elsewhere: Elsewhere = nothingElsewhere;
  /** Listeners that have a limit of their own. */
  #limited: readonly Listener[] = [];
  #counted = new Map<string, CountedClient>();

  /** @param changed called when there is something to report to the first process */
  constructor(
    private readonly first: () => Channel<FirstCalls>,
    private readonly changed: () => void,
  ) {}

  /** A generation has been committed. */
  follow(listeners: Iterable<Listener>): void {
    this.#limited = [...listeners].filter(({ version }) => version.config.limits?.sessions !== undefined);
  }

  /** Does work for a client; meanwhile, the other workers count as having these numbers of sessions. */
  beside(elsewhere: Elsewhere, work: () => void): void {
    this.elsewhere = elsewhere;
    work();
    this.elsewhere = { ...nothingElsewhere, sessions: elsewhere.sessions };
  }

  counted(listener: string, client: string, sessions: number): void {
    this.#counted.set(`${listener} ${client}`, { listener, client, sessions });
    this.changed();
  }

  /** Asks the first process, which has by then got all counts of this worker. */
  async sessionsOf(listener: string, client: string): Promise<number> {
    const first = this.first();
    first.tell("counted", this.#takeCounted());
    try {
      return await answerWithin(DECISION_MS, first.call("sessionsOf", listener, client));
    } catch {
      // No answer in time: this worker decides alone.
      return 0;
    }
  }

  /** The changes since the last report. @param streams the number of open stream sessions */
  report(streams: number): OpenHere {
    const listeners = new Map(this.#limited.map(({ name, sessions }) => [name, sessions]));
    return { streams, listeners, clients: this.#takeCounted() };
  }

  #takeCounted(): readonly CountedClient[] {
    const counted = [...this.#counted.values()];
    this.#counted.clear();
    return counted;
  }
}
