import type { Socket as DatagramSocket } from "node:dgram";
import type { Socket } from "node:net";
import { SluiceError } from "../../contract/index.ts";
import { refuseUnknown } from "../values/known-keys.ts";
import { bytesOfSize, millisecondsOf } from "../values/read-units.ts";
import { hasDatagrams, peerTransports } from "../values/transport-form.ts";
import { datagramBehaviours, streamBehaviours, type UpstreamKind } from "./behaviours.ts";
import { startDatagramUpstream, type DatagramResponder } from "./datagram-upstream.ts";
import { Faults } from "./faults.ts";
import { httpBehaviour } from "./http-behaviour.ts";
import { startStreamUpstream } from "./stream-upstream.ts";
import { ReceivedData } from "./received-data.ts";
import type { TestUpstream, UpstreamTestOptions } from "./test-upstream.ts";

const transports = peerTransports.map(({ scheme }) => scheme);
const optionNames = ["transport", "port", "every", "respond", "keep"] satisfies (keyof UpstreamTestOptions)[];
const kinds = [...Object.keys(streamBehaviours), "refuse", "http"];

/**
 * Starts an upstream on loopback, for a proxy under test.
 *
 * `echo` sends everything back, and FIN after FIN; `discard` reads and sends nothing; `refuse` has a port at which nothing listens; `hang`
 * accepts, and neither answers nor ends; `reset` answers the first byte with a reset; `garbage` sends 64 bytes of 0xff and ends; `slow` echoes
 * one byte every 10 ms; `http` answers requests.
 *
 * If a function of the test throws or rejects, its connection is reset, and `close()` rejects with the first such error.
 *
 * @param kind one of these, or a function that is called with each connection (half-open sockets allowed); on UDP it is called once with the socket
 * @throws SLUICE_TEST_INVALID for an unknown kind, option or transport, and for `reset` and `http` on UDP
 */
export function startUpstream(
  kind: UpstreamKind | ((socket: Socket) => void),
  options?: UpstreamTestOptions & { readonly transport?: "tcp" | "tls" | "unix" },
): Promise<TestUpstream>;
export function startUpstream(
  kind: UpstreamKind | ((socket: DatagramSocket) => void),
  options: UpstreamTestOptions & { readonly transport: "udp" },
): Promise<TestUpstream>;
export function startUpstream(kind: UpstreamKind, options?: UpstreamTestOptions): Promise<TestUpstream>;
export async function startUpstream(
  kind: UpstreamKind | ((socket: never) => void),
  options: UpstreamTestOptions = {},
): Promise<TestUpstream> {
  refuseUnknown(options, optionNames, "startUpstream(kind, options)");
  const { transport = "tcp", keep = "16MiB", every = "10ms", respond } = options;
  check(kind, transport);
  const taken = new ReceivedData(bytesOfSize(keep, "startUpstream: keep"));
  const milliseconds = millisecondsOf(every, "startUpstream: every");
  if (hasDatagrams(transport)) {
    const use = typeof kind === "function" ? (kind as (socket: DatagramSocket) => void) : () => undefined;
    return startDatagramUpstream(answeringOf(kind, milliseconds), use, taken, options.port ?? 0);
  }
  const faults = new Faults();
  const behave = behaviourOf(kind, { taken, faults, every: milliseconds, respond });
  return startStreamUpstream(behave, { taken, faults }, transport, options);
}

interface BehaviourParts {
  readonly taken: ReceivedData;
  readonly faults: Faults;
  readonly every: number;
  readonly respond: UpstreamTestOptions["respond"];
}

function behaviourOf(
  kind: UpstreamKind | ((socket: never) => void),
  { taken, faults, every, respond }: BehaviourParts,
): ((socket: Socket) => void) | undefined {
  if (kind === "refuse") return undefined;
  if (kind === "http") {
    const serve = httpBehaviour(faults, respond);
    return (socket) => {
      serve(socket);
      taken.listen(socket);
    };
  }
  const behave = typeof kind === "function" ? (kind as (socket: Socket) => unknown) : streamBehaviours[kind];
  return (socket) => {
    taken.watch(socket);
    faults.guard(socket, () => behave(socket, every));
  };
}

function answeringOf(kind: UpstreamKind | ((socket: never) => void), every: number): DatagramResponder | undefined {
  if (typeof kind === "function") return () => undefined;
  if (kind === "refuse") return undefined;
  if (kind === "reset" || kind === "http") throw invalid(`"${kind}" needs a stream, and the transport is udp`);
  const behave = datagramBehaviours[kind];
  return (datagram, reply) => {
    behave(datagram, reply, every);
  };
}

function check(kind: unknown, transport: string): void {
  if (!transports.includes(transport))
    throw invalid(`the transport must be one of ${transports.join(", ")}, got ${JSON.stringify(transport)}`);
  if (typeof kind !== "function" && !kinds.includes(kind as string))
    throw invalid(`expected a function, or one of ${kinds.join(", ")}, got ${JSON.stringify(kind)}`);
}

function invalid(detail: string): SluiceError {
  return new SluiceError("SLUICE_TEST_INVALID", `startUpstream(kind, options): ${detail}`);
}
