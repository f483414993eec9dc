import { stream } from "./stream.ts";
import type { Transport } from "./transport.ts";

/** TCP whose clients speak TLS: their ClientHello is read first, and a plugin may terminate it. */
export const tls: Transport = { ...stream, scheme: "tls", space: "tcp", helloFirst: true, anonymous: false };
