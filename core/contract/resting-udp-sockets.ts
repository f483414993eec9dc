/**
 * How many upstream sockets of ended UDP flows keep their ports for a while (RFC 6056 section 3.5): at most a quarter of the flows that
 * there may be, so that they cannot use up the descriptors, and 256.
 */
export function restingUdpSockets(flows: number): number {
  return Math.min(256, Math.ceil(flows / 4));
}
