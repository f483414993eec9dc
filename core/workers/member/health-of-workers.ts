import { Subject } from "rxjs";
import type { AgreedStanding, HealthPeers, EndpointStanding } from "../../net/balance/endpoints/health-peers.ts";
import type { FirstCalls } from "../wire/calls.ts";
import type { Channel } from "../wire/channel.ts";
import { answerWithin } from "./answer-within.ts";

/** Milliseconds to wait for the first process's decision to put an endpoint out. */
const AGREEMENT_MS = 500;

/** The other workers, for the health of endpoints. */
export class HealthOfWorkers implements HealthPeers {
  readonly agreed = new Subject<AgreedStanding>();
  checks = false;

  constructor(private readonly first: () => Channel<FirstCalls>) {}

  async eject(standing: EndpointStanding, seen: number): Promise<number | undefined> {
    try {
      return await answerWithin(AGREEMENT_MS, this.first().call("eject", standing, seen));
    } catch {
      return undefined;
    }
  }

  tell(standing: EndpointStanding): void {
    this.first().tell("standing", standing);
  }

  forget(listener: string, endpoint: string): void {
    this.first().tell("forgetEndpoint", listener, endpoint);
  }
}
