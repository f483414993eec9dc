import { ipAddress } from "./ip-address.ts";
import { stream } from "./stream.ts";
import type { Transport } from "./transport.ts";

export const tcp: Transport = {
  ...stream,
  scheme: "tcp",
  form: "tcp://127.0.0.1:8080",
  space: "tcp",
  anonymous: false,
  socketOptions: ["keepAlive"],
  freeAddress: () => "tcp://127.0.0.1:0",
  parse: (rest, text) => ipAddress("tcp", rest, text),
};
