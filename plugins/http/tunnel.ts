import { SluiceError } from "sluice";
import type { HttpHeaders } from "sluice";
import type { Duplex } from "node:stream";

/** What passed through a tunnel. */
export interface Tunnelled {
  fromClient: number;
  fromUpstream: number;
}

/**
 * Joins a client and an upstream that have agreed on a WebSocket. Each end passes by itself, and what breaks one side resets the other.
 *
 * @param over called once, when both sides are closed
 */
export function tunnel(client: Duplex, upstream: Duplex, headers: HttpHeaders, over: (passed: Tunnelled) => void): void {
  const passed: Tunnelled = { fromClient: 0, fromUpstream: 0 };
  const lines = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`));
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
  client.once("close", () => {
    closed(upstream, "SLUICE_CLIENT_RESET", client);
  });
  upstream.once("close", () => {
    closed(client, "SLUICE_UPSTREAM_RESET", upstream);
  });
}
