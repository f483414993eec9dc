import type { DatagramRelay, DatagramRelayOptions, SocketAddress } from "sluice";
import { refusalOf, targetOf, type AllowedTargets } from "./allowed-targets.ts";
import { addressOf, readAddress } from "./socks-address.ts";

/** The bytes before the address: two reserved bytes, and the fragment number 0, for a whole datagram (RFC 1928 section 7). */
const whole = Buffer.from([0, 0, 0]);

/** Handles the datagrams of one UDP association: each goes to the target that it names, if `allow` has it. */
export function associationOf(allow: AllowedTargets): DatagramRelayOptions {
  return {
    fromClient: (datagram, relay) => forward(datagram, relay, allow),
    fromTarget: (datagram, target, relay) => relay.toClient(wrapped(datagram, target)),
    refuse: (address, target) => refusalOf(allow, target, address),
  };
}

function forward(datagram: Buffer, relay: DatagramRelay, allow: AllowedTargets): void {
  const found = datagram[0] === 0 && datagram[1] === 0 ? readAddress(datagram) : undefined;
  if (found === undefined || found === "unknown") {
    relay.drop("malformed");
    return;
  }
  // "An implementation that does not support fragmentation MUST drop any datagram whose FRAG field is other than X'00'" (the same section).
  if (datagram[2] !== 0) {
    relay.drop("fragment");
    return;
  }
  const target = targetOf(found.host, found.port);
  if (target === undefined) relay.drop("malformed");
  // No rule has this port, so the name is not looked up.
  else if (!allow.mayBe(target)) relay.drop("refused");
  else relay.toTarget(datagram.subarray(found.end), target);
}

function wrapped(datagram: Buffer, from: SocketAddress): Buffer {
  return Buffer.concat([whole, addressOf(from), datagram]);
}
