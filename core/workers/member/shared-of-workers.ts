import type { Answer, Found, Shared, SharedBuckets } from "../../contract/index.ts";
import { MOST_BUCKETS } from "../../runtime/state/alone.ts";
import type { FirstCalls, Said } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { packError } from "../wire/packed-error.ts";
import { answerWithin, isLate } from "./answer-within.ts";

/** Milliseconds that a decision waits for the first process. */
const DECISION_MS = 500;
/** Milliseconds that a question waits for what another worker finds out. */
const OTHERS_MS = 2_000;

/** What a worker shares with the others: the first process has it. */
export class SharedOfWorkers implements Shared {
  processes = 1;

  constructor(private readonly first: () => Channel<FirstCalls>) {}

  buckets(space: string, most = MOST_BUCKETS): SharedBuckets {
    return {
      take: (key, cost, { rate, burst }) => answerWithin(DECISION_MS, this.first().call("take", { space, most, key, cost, rate, burst })),
    };
  }

  async once<T>(key: string, find: () => Promise<Found<T>>): Promise<Answer<T>> {
    const said = await this.#ask(key);
    if (said !== undefined && "answer" in said) return said.answer as Answer<T>;
    try {
      const found = await find();
      if (said !== undefined) this.first().tell("found", key, said.find, found);
      return { value: found.value, age: 0 };
    } catch (error) {
      if (said !== undefined) this.first().tell("notFound", key, said.find, packError(error));
      throw error;
    }
  }

  /** @returns undefined: nobody says anything in time */
  async #ask(key: string): Promise<Said | undefined> {
    const asked = this.first().call("once", key);
    try {
      return await answerWithin(OTHERS_MS, asked);
    } catch (error) {
      if (!isLate(error)) throw error;
      // Told too late that it is to find it out for all: somebody else is to.
      asked.then(
        (said) => {
          if ("find" in said) this.first().tell("notFound", key, said.find, undefined);
        },
        () => undefined,
      );
      return undefined;
    }
  }
}
