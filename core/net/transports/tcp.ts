import { stream } from "./stream.ts";
import type { Transport } from "./transport.ts";

export const tcp: Transport = { ...stream, scheme: "tcp", space: "tcp", helloFirst: false, anonymous: false };
