import { StreamListener } from "../accept/streams/stream-listener.ts";
import { createDialer } from "../dial/dialer.ts";
import type { Transport } from "./transport.ts";

/** The properties that all stream transports share. */
export const stream = {
  datagrams: false,
  helloFirst: false,
  everyAddress: false,
  bind: (address, name, { socket }) => StreamListener.bind(address, name, socket),
  createDialer,
} satisfies Partial<Transport>;
