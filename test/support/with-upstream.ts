import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { streamBehaviours } from "../../core/testing/upstream/behaviours.ts";
import { eventOf } from "./bounded.ts";
import { freePort, portOf } from "./sockets.ts";

/**
 * How an upstream behaves: `refuse` has no listener; `hang` accepts and never answers; `reset` answers the first byte with a RST;
 * `garbage` sends 64 bytes of 0xff and ends; `slow` echoes one byte per 10 ms; `echo` echoes, and passes half-close on.
 */
export type UpstreamBehaviour = "refuse" | "hang" | "reset" | "garbage" | "slow" | "echo";

export interface TestUpstream {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** `127.0.0.1:<port>`, as a config wants it. */
  readonly endpoint: string;
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  close(): Promise<void>;
}

const slowStepMs = 10;

async function close(server: Server, sockets: Iterable<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = eventOf(server, "close");
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/**
 * Starts an upstream on loopback. The caller closes it; `withUpstream` does so by itself.
 *
 * @param behave one of the known behaviours, or what to do with each connection
 * @param port 0: any free one
 */
export async function startUpstream(behave: UpstreamBehaviour | ((socket: Socket) => void), port = 0): Promise<TestUpstream> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted += 1;
    sockets.add(socket);
    // A test's upstream may be reset at any time, and that is no error of the test.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    if (behave !== "refuse") (typeof behave === "function" ? behave : streamBehaviours[behave])(socket, slowStepMs);
  });
  const address = { host: "127.0.0.1", sockets, accepted: () => accepted } as const;
  if (behave === "refuse") {
    const free = port === 0 ? await freePort() : port;
    return { ...address, port: free, endpoint: `127.0.0.1:${free}`, close: async () => undefined };
  }
  // As many as the kernel allows: of a burst beyond the backlog, the SYNs are dropped and sent again after a second.
  server.listen({ port, host: "127.0.0.1", backlog: 4096 });
  await eventOf(server, "listening");
  return { ...address, port: portOf(server), endpoint: `127.0.0.1:${portOf(server)}`, close: () => close(server, sockets) };
}

/** Runs a test against an upstream, and closes that afterwards. */
export async function withUpstream<T>(
  behave: UpstreamBehaviour | ((socket: Socket) => void),
  run: (upstream: TestUpstream) => Promise<T>,
): Promise<T> {
  const upstream = await startUpstream(behave);
  try {
    return await run(upstream);
  } finally {
    await upstream.close();
  }
}
