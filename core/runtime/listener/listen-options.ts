import type { Limits, ResolvedListener, Timeouts } from "../../contract/index.ts";
import type { ListenOptions } from "../../net/accept/bound-socket.ts";

/** The options that a listener sets on its socket. */
export function listenOptions(own: ResolvedListener, { limits, timeouts }: { limits: Limits; timeouts: Timeouts }): ListenOptions {
  const { socket } = own;
  const { sessions: max = limits.udpSessions, datagrams, replies } = own.limits ?? {};
  return { socket, max, datagrams, replies, idle: own.timeouts?.udpIdle ?? timeouts.udpIdle };
}
