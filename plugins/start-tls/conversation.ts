import type { Session } from "sluice";

/** What a client and the proxy say to one another until TLS begins, or the client goes on in plain. */
export type Conversation = (session: Session, timeout: number) => Promise<void>;

/** Commands before STARTTLS that are passed on: a client that sends more is going on in plain. */
export const MAX_COMMANDS = 20;
