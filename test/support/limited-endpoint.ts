import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { eventOf } from "./bounded.ts";
import { portOf } from "./sockets.ts";

/** Milliseconds in which the end of a session that is over is noticed here, while the next one may have come already. */
const NOTICED_MS = 10;

/**
 * An HTTP server that counts by itself how many requests it has at a time: `/20/ok` is answered after 20 ms, `/20/reset` is broken off, and `/held`
 * is answered by `letGo`. It can be gone for a while.
 */
export class LimitedEndpoint {
  /** What more than the limit were there. */
  readonly excesses: number[] = [];
  readonly #here = new Set<ServerResponse>();
  readonly #held: ServerResponse[] = [];
  #server: Server | undefined;
  #port = 0;

  /** @param most requests at the same time */
  constructor(public most: number) {}

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get requests(): number {
    return this.#here.size;
  }

  get isUp(): boolean {
    return this.#server !== undefined;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => this.#serve(request, response));
    server.on("connection", (socket) => socket.on("error", () => undefined));
    server.listen(this.#port, "127.0.0.1");
    await eventOf(server, "listening");
    this.#server = server;
    this.#port = portOf(server);
  }

  /** Refuses connections, and breaks those that are open. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await eventOf(server, "close");
  }

  letGo(): void {
    for (const response of this.#held.splice(0)) this.#end(response);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => undefined).resume();
    this.#here.add(response);
    response.on("close", () => this.#here.delete(response));
    this.#count();
    const [, ms, end] = (request.url ?? "").split("/");
    if (ms === "held") this.#held.push(response);
    else
      setTimeout(() => {
        if (end === "ok") this.#end(response);
        else request.socket.resetAndDestroy();
      }, Number(ms));
  }

  /** It is not here any more before the proxy hears of its end. */
  #end(response: ServerResponse): void {
    this.#here.delete(response);
    response.end("x");
  }

  #count(): void {
    if (this.requests <= this.most) return;
    const all = [...this.#here];
    setTimeout(() => {
      const still = all.filter((response) => this.#here.has(response)).length;
      if (still > this.most) this.excesses.push(still);
    }, NOTICED_MS);
  }
}
