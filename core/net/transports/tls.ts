import { ipAddress } from "./ip-address.ts";
import { tcp } from "./tcp.ts";
import type { Transport } from "./transport.ts";

/** TCP whose clients speak TLS: their ClientHello is read first, and a plugin may terminate it. */
export const tls: Transport = {
  ...tcp,
  scheme: "tls",
  form: "tls://",
  helloFirst: true,
  freeAddress: () => "tls://127.0.0.1:0",
  parse: (rest, text) => ipAddress("tls", rest, text),
};
