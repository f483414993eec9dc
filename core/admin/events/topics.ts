import { SluiceError } from "../../contract/index.ts";
import { didYouMean } from "../../contract/options/nearest.ts";

/** The topics that a reader of events asks for. */
export interface Topics {
  readonly sessions: boolean;
  readonly rates: boolean;
  readonly reloads: boolean;
  readonly log: boolean;
  /** Ids of sessions and names of listeners. */
  readonly taps: readonly string[];
}

const known = ["sessions", "rates", "reloads", "log"] as const;

/** Reads `sessions,rates,tap:12,tap:web`. @throws SLUICE_ADMIN_REQUEST */
export function topicsOf(text: string | undefined): Topics {
  const wanted = (text ?? "sessions,rates,reloads").split(",").filter((topic) => topic !== "");
  const stranger = wanted.find((topic) => !known.some((each) => each === topic) && !/^tap:.+/.test(topic));
  if (stranger !== undefined) {
    const hint = didYouMean(stranger, known);
    throw new SluiceError(
      "SLUICE_ADMIN_REQUEST",
      `topics: unknown topic ${JSON.stringify(stranger)}${hint}; there are ${known.join(", ")} and tap:<session, listener or *>`,
    );
  }
  const has = (topic: string): boolean => wanted.includes(topic);
  const taps = wanted.filter((topic) => topic.startsWith("tap:")).map((topic) => topic.slice(4));
  return { sessions: has("sessions"), rates: has("rates"), reloads: has("reloads"), log: has("log"), taps };
}
