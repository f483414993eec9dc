import type { Session } from "sluice";

/** The conversation of a client and the proxy until TLS begins, or the client continues without encryption. */
export type Conversation = (session: Session, timeout: number) => Promise<void>;

/** The most commands that are passed on before STARTTLS: a client that sends more has decided to continue without encryption. */
export const MAX_COMMANDS = 20;
