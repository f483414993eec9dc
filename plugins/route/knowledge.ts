import type { ClientHello, Session } from "sluice";
import type { Guess, Protocol } from "./protocols.ts";

/** What is known about a client. */
export interface ClientFacts {
  readonly client: Session["client"];
  /** Its ClientHello; null: it sent none; undefined: not known yet. */
  readonly hello: ClientHello | null | undefined;
  is(protocol: Protocol | "quic"): Guess;
}
