import { nothingElsewhere, type Elsewhere, type Neighbours } from "../../runtime/state/neighbours.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import type { CountedClient, FirstCalls, OpenHere } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { answerWithin } from "./answer-within.ts";

/** Milliseconds that a session waits for the first process. */
const DECISION_MS = 500;

/** The other workers, as far as limits of sessions go. The first process knows what all have, and says so with each connection. */
export class NeighboursOfWorkers implements Neighbours {
  elsewhere: Elsewhere = nothingElsewhere;
  /** The listeners that have a limit of their own. */
  #limited: readonly Listener[] = [];
  #counted = new Map<string, CountedClient>();

  /** @param changed is told that there is something to tell the first process */
  constructor(
    private readonly first: () => Channel<FirstCalls>,
    private readonly changed: () => void,
  ) {}

  /** A generation has been committed. */
  follow(listeners: Iterable<Listener>): void {
    this.#limited = [...listeners].filter(({ version }) => version.config.limits?.sessions !== undefined);
  }

  /** Does something for a client that came when the others had this. */
  beside(elsewhere: Elsewhere, work: () => void): void {
    this.elsewhere = elsewhere;
    work();
    this.elsewhere = { ...nothingElsewhere, sessions: elsewhere.sessions };
  }

  counted(listener: string, client: string, sessions: number): void {
    this.#counted.set(`${listener} ${client}`, { listener, client, sessions });
    this.changed();
  }

  /** Of what it has counted itself the first process is told before it answers. */
  async sessionsOf(listener: string, client: string): Promise<number> {
    const first = this.first();
    first.tell("counted", this.#takeCounted());
    try {
      return await answerWithin(DECISION_MS, first.call("sessionsOf", listener, client));
    } catch {
      // Nobody waits long: this worker decides alone.
      return 0;
    }
  }

  /** What has changed since the last time. @param streams open stream sessions */
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
