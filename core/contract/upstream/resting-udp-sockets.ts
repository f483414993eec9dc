/**
 * How many upstream sockets of ended UDP flows keep their ports for a while (RFC 6056 section 3.5): at most 256, and at most a quarter of the
 * allowed flows, so that they cannot use up the file descriptors.
 */
export function restingUdpSockets(flows: number): number {
  return Math.min(256, Math.ceil(flows / 4));
}
