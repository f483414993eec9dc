import type { Session } from "sluice";

/** How the conversation before TLS has ended. */
export type Outcome =
  /** The client begins TLS, or continues without it on a listener that allows that. */
  | "continues"
  /** The client has said that it leaves, and has its answer. */
  | "left"
  /** The client has had its refusal: it wanted to continue without TLS. */
  | "refused";

/** The conversation of a client and the proxy until TLS begins, or the client continues without encryption. */
export type Conversation = (session: Session, timeout: number) => Promise<Outcome>;
