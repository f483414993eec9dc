import type { Answer, Found, Shared, SharedBuckets } from "../../contract/index.ts";
import { MOST_BUCKETS } from "../../runtime/state/local-shared.ts";
import type { FirstCalls, Said } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { packError } from "../wire/packed-error.ts";
import { answerWithin, isLate } from "./answer-within.ts";

/** Milliseconds to wait for a decision of the first process. */
const DECISION_MS = 500;
/** Milliseconds to wait for an answer that another worker finds out. */
const OTHERS_MS = 2_000;

/** The value of SHARED in a worker. The first process keeps what is shared. */
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

  /** @returns undefined: no answer came in time */
  async #ask(key: string): Promise<Said | undefined> {
    const asked = this.first().call("once", key);
    try {
      return await answerWithin(OTHERS_MS, asked);
    } catch (error) {
      if (!isLate(error)) throw error;
      // The order to find it out for all came too late: another worker has to.
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
