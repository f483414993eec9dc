import { datagramProblems, SluiceError } from "../../contract/index.ts";
import { UdpListener } from "../accept/datagrams/udp-listener.ts";
import { createUdpDialer } from "../dial/udp-dialer.ts";
import { ipAddress } from "./ip-address.ts";
import type { Transport } from "./transport.ts";

export const udp: Transport = {
  scheme: "udp",
  form: "udp://",
  datagrams: true,
  space: "udp",
  helloFirst: false,
  anonymous: false,
  everyAddress: true,
  socketOptions: ["receiveBuffer", "sendBuffer"],
  freeAddress: () => "udp://127.0.0.1:0",
  parse: (rest, text) => ipAddress("udp", rest, text),
  bind: (address, name, options) => UdpListener.bind(address, name, options),
  createDialer(target, context) {
    const [problem] = datagramProblems(target, "udp");
    if (problem !== undefined) {
      const { option = "endpoints", message } = problem;
      throw new SluiceError("SLUICE_CONFIG_INVALID", `${context.place}: ${option}: ${message}`);
    }
    return createUdpDialer(target, context);
  },
};
