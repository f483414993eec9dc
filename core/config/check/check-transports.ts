import { datagramProblems, schemeOf, type ListenScheme, type ResolvedListener, type ResolvedSocket } from "../../contract/index.ts";
import type { Problem } from "../../contract/options/describe-issues.ts";

/** Options that have no meaning for the transport of their listener. */
export function transportProblems(listeners: readonly ResolvedListener[], schemes: readonly ListenScheme[]): Problem[] {
  return listeners.flatMap((listener) => {
    const scheme = schemeOf(listener.address, schemes);
    return [...(scheme.datagrams ? streamProblems(listener) : []), ...limitProblems(listener, scheme), ...socketProblems(listener, scheme)];
  });
}

/** Why an option of `socket` has no meaning for a transport that does not take it. */
const onlyFor: Readonly<Record<keyof ResolvedSocket, string>> = {
  keepAlive: "only TCP has it",
  receiveBuffer: "Node has no way to set the buffers of its sockets, only of UDP ones",
  sendBuffer: "Node has no way to set the buffers of its sockets, only of UDP ones",
  mode: "only a unix socket is a file",
  group: "only a unix socket is a file",
};

function socketProblems({ name, socket }: ResolvedListener, { scheme, socketOptions }: ListenScheme): Problem[] {
  if (socket === undefined) return [];
  return (Object.keys(onlyFor) as (keyof ResolvedSocket)[])
    .filter((option) => socket[option] !== undefined && !socketOptions.includes(option))
    .map((option) => ({
      path: `listeners.${name}.socket.${option}`,
      message: `expected nothing on a ${scheme} listener: ${onlyFor[option]}; got ${socket[option]}`,
    }));
}

function limitProblems({ name, limits = {} }: ResolvedListener, { scheme, datagrams }: ListenScheme): Problem[] {
  const senseless = datagrams
    ? ({ queue: "datagrams do not wait" } as const)
    : ({ datagrams: "it has no datagrams", replies: "it has no datagrams" } as const);
  return Object.entries(senseless)
    .filter(([option]) => limits[option as keyof typeof limits] !== undefined)
    .map(([option, why]) => ({ path: `listeners.${name}.limits.${option}`, message: `expected nothing on a ${scheme} listener: ${why}` }));
}

/** Problems of an upstream that needs a stream, on a listener of datagrams. */
function streamProblems({ name, address: { transport }, upstream }: ResolvedListener): Problem[] {
  if (upstream === undefined) return [];
  const path = `listeners.${name}.upstream`;
  return datagramProblems(upstream, transport).map(({ option, message }) => ({
    path: option === undefined ? path : `${path}.${option}`,
    message,
  }));
}
