import type { Endpoint, EndpointCandidate } from "../../contract/index.ts";
import type { EndpointState } from "./endpoint-state.ts";

/** One endpoint of an upstream, as its policy sees it. */
export class Candidate implements EndpointCandidate {
  readonly address: string;
  readonly backup: boolean;
  /** At this moment: less than `full` while it starts slowly. */
  weight: number;
  /** Its policy's own. */
  turn = 0;

  /** @param index where it stands in the config */
  constructor(
    readonly endpoint: Endpoint,
    readonly standing: EndpointState,
    readonly index: number,
  ) {
    this.address = endpoint.text;
    this.backup = endpoint.backup === true;
    this.weight = this.full;
  }

  /** As configured. */
  get full(): number {
    return this.endpoint.weight ?? 1;
  }

  get sessions(): number {
    return this.standing.active;
  }

  get state(): "up" | "down" {
    return this.standing.isOut ? "down" : "up";
  }

  get isFull(): boolean {
    const { maxSessions } = this.endpoint;
    return maxSessions !== undefined && this.standing.active >= maxSessions;
  }
}
