import type { Endpoint, EndpointCandidate } from "../../../contract/index.ts";
import type { EndpointState } from "./endpoint-state.ts";

/** One endpoint of an upstream, in the form that policies work with. */
export class Candidate {
  readonly address: string;
  readonly backup: boolean;
  /** The weight now: less than `full` during a slow start. */
  weight: number;
  /** Both for the policy's own use. */
  turn = 0;
  place = 0;

  #facts: EndpointCandidate | undefined;

  /** @param index its position in the config */
  constructor(
    readonly endpoint: Endpoint,
    readonly standing: EndpointState,
    readonly index: number,
  ) {
    this.address = endpoint.text;
    this.backup = endpoint.backup === true;
    this.weight = this.full;
  }

  /** The configured weight. */
  get full(): number {
    return this.endpoint.weight ?? 1;
  }

  get sessions(): number {
    return this.standing.active;
  }

  get state(): "up" | "down" {
    return this.standing.isOut ? "down" : "up";
  }

  /** What a function of the config is shown: always the same object, with the values of the moment, and nothing else that a copy would have. */
  get facts(): EndpointCandidate {
    return (this.#facts ??= factsOf(this));
  }

  get isFull(): boolean {
    const { maxSessions } = this.endpoint;
    return maxSessions !== undefined && this.standing.active >= maxSessions;
  }
}

function factsOf(candidate: Candidate): EndpointCandidate {
  return {
    address: candidate.address,
    get weight() {
      return candidate.weight;
    },
    get sessions() {
      return candidate.sessions;
    },
    backup: candidate.backup,
    get state() {
      return candidate.state;
    },
  };
}
