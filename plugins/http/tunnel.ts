import { SluiceError } from "sluice";
import type { Duplex } from "node:stream";

/** What passed through a tunnel. */
export interface Tunnelled {
  fromClient: number;
  fromUpstream: number;
}

/**
 * Joins a client and an upstream that have agreed on a WebSocket. Each end passes by itself, and what breaks one side resets the other.
 *
 * @param fields of the upstream's answer, names and values one after the other
 * @param over called once, when both sides are closed
 */
export function tunnel(client: Duplex, upstream: Duplex, fields: readonly string[], over: (passed: Tunnelled) => void): void {
  const passed: Tunnelled = { fromClient: 0, fromUpstream: 0 };
  const lines = fields.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`));
  client.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n${lines.join("")}\r\n`, "latin1");
  client.on("data", (chunk: Buffer) => (passed.fromClient += chunk.length));
  upstream.on("data", (chunk: Buffer) => (passed.fromUpstream += chunk.length));
  client.pipe(upstream);
  upstream.pipe(client);
  let open = 2;
  const closed = (other: Duplex, code: "SLUICE_CLIENT_RESET" | "SLUICE_UPSTREAM_RESET", whose: Duplex): void => {
    open -= 1;
    const isWhole = whose.readableEnded && whose.writableFinished;
    if (!isWhole && !other.destroyed) other.destroy(whose.errored ?? new SluiceError(code, "a WebSocket broke off"));
    if (open === 0) over(passed);
  };
  whenClosed(client, () => {
    closed(upstream, "SLUICE_CLIENT_RESET", client);
  });
  whenClosed(upstream, () => {
    closed(client, "SLUICE_UPSTREAM_RESET", upstream);
  });
}

/** A hook may have kept the response until one side was gone. */
function whenClosed(stream: Duplex, then: () => void): void {
  if (stream.closed) then();
  else stream.once("close", then);
}
