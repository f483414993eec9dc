import { SluiceError, type Place } from "sluice";

interface Placed {
  readonly id: string;
  readonly on: "streams" | "datagrams" | "both";
  readonly because?: string;
}

/** @throws SLUICE_CONFIG_INVALID where a fault makes no sense on the listener's transport */
export function refuseMisplaced({ id, on, because = "" }: Placed, { transport, datagrams }: Pick<Place, "transport" | "datagrams">): void {
  if (on === "both" || (on === "datagrams") === datagrams) return;
  const where = on === "datagrams" ? "a udp listener" : "a tcp, tls or unix listener";
  throw new SluiceError("SLUICE_CONFIG_INVALID", `expected ${id}() on ${where}: ${because}; got it on a ${transport} listener`);
}
