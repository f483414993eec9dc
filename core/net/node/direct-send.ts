import { createSocket, type Socket } from "node:dgram";
import { getSystemErrorMap } from "node:util";
import { TRIAL_PATIENCE_MS } from "./trial-patience.ts";
import { noLookup } from "./udp-socket.ts";

/** Node's own object for one send. It must stay alive until the datagram has left. */
interface SendRequest {
  list?: readonly Buffer[];
}

interface Handle {
  /** @returns above 0: the datagram has left; 0: it will leave, and the request is in use until then; below 0: it was refused */
  send(request: SendRequest, list: readonly Buffer[], count: number, ...to: readonly unknown[]): number;
}

/** What is needed to send a datagram without `dgram`. */
interface Direct {
  /** The key under which a socket of `dgram` keeps its state. */
  readonly state: symbol;
  readonly SendRequest: new () => SendRequest;
}

/** The error number that an ICMP refusal is reported with. */
const REFUSED = [...getSystemErrorMap()].find(([, [name]]) => name === "ECONNREFUSED")?.[0];

let direct: Direct | undefined;
let trial: Promise<void> | undefined;
/** Reused for nearly all sends: a request stays in use only while the kernel accepts no more datagrams. */
let spare: SendRequest | undefined;

/**
 * Sends a datagram on a bound socket: to an address (not a name), or to the address that the socket is connected to. Nothing tells whether it
 * arrives. `dgram` adds a list, a look-up of the address and a new request for each datagram, which is 3 % of the cost of forwarding it.
 * Undocumented: the handle is used as `dgram` uses it, where {@link tryDirectSend} has seen that work.
 *
 * @returns false: an ICMP message about an earlier datagram was waiting, and was reported instead of sending this one
 */
export function sendDirectly(socket: Socket, datagram: Buffer, port?: number, address?: string): boolean {
  const handle = direct === undefined ? undefined : handleOf(socket, direct.state);
  if (direct === undefined || handle === undefined) {
    if (port === undefined) socket.send(datagram);
    else socket.send(datagram, port, address);
    return true;
  }
  // The socket is closed.
  if (handle === null) return true;
  const request = spare ?? new direct.SendRequest();
  spare = undefined;
  const list = [datagram];
  request.list = list;
  const result = port === undefined ? handle.send(request, list, 1, false) : handle.send(request, list, 1, port, address, false);
  if (result !== 0) spare = request;
  return result !== REFUSED;
}

/** Tries whether {@link sendDirectly} works without `dgram` on this Node: once per process, over loopback. SLUICE_FAST_ACCEPT=0 turns it off. */
export function tryDirectSend(): Promise<void> {
  trial ??= process.env["SLUICE_FAST_ACCEPT"] === "0" ? Promise.resolve() : tryOnce();
  return trial;
}

function handleOf(socket: Socket, state: symbol): Handle | null | undefined {
  return (socket as unknown as Record<symbol, { readonly handle: Handle | null } | undefined>)[state]?.handle;
}

function tryOnce(): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", lookup: noLookup });
    const done = (): void => {
      clearTimeout(timer);
      socket.close(resolve);
    };
    // The trial did not work.
    const failed = (): void => {
      direct = undefined;
      done();
    };
    const timer = setTimeout(failed, TRIAL_PATIENCE_MS);
    socket.once("error", failed);
    socket.bind({ port: 0, address: "127.0.0.1", exclusive: true }, () => {
      const { port } = socket.address();
      socket.once("message", () => {
        if (direct === undefined) {
          done();
          return;
        }
        socket.once("message", (datagram) => {
          if (String(datagram) === "sluice") done();
          else failed();
        });
        sendDirectly(socket, Buffer.from("sluice"), port, "127.0.0.1");
      });
      direct = learn(socket, () => {
        socket.send("first", port, "127.0.0.1");
      });
    });
  });
}

/** Finds Node's class of requests, which is internal, by watching a send of `dgram`. */
function learn(socket: Socket, send: () => void): Direct | undefined {
  const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "state symbol");
  const handle = state === undefined ? undefined : handleOf(socket, state);
  let seen: SendRequest | undefined;
  if (handle !== undefined && handle !== null) {
    const native = handle.send.bind(handle);
    const watching: Handle["send"] = (request, list, count, ...to) => {
      seen = request;
      return native(request, list, count, ...to);
    };
    handle.send = watching;
  }
  send();
  if (state === undefined || seen === undefined) return undefined;
  return { state, SendRequest: seen.constructor as new () => SendRequest };
}
