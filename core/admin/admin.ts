import { randomBytes } from "node:crypto";
import { addressText, type ResolvedAdmin, type ResolvedConfig, type SocketAddress } from "../contract/index.ts";
import type { Companion, PreparedCompanion } from "../runtime/proxy/companion.ts";
import type { AnswerSource } from "./server/answer-source.ts";
import type { AdminServer } from "./server/admin-server.ts";
import type { ServerSource } from "./server/request-handler.ts";

/** A server that listens, and the part of the config that it was started with. */
interface Running {
  readonly server: AdminServer;
  readonly listen: string;
}

/** The admin server of a proxy. It follows the config as the listeners do: a reload can start, move or stop it. */
export class Admin implements Companion {
  /** A random token for the life of the process, so that an address that was printed once stays valid. */
  readonly #random = randomBytes(24).toString("base64url");
  readonly #served: { rules: ServerSource["rules"]; live: AnswerSource | undefined };
  #running: Running | undefined;
  #url: string | undefined;

  /** @param opened called with the page's address, with the token, whenever it changes */
  constructor(private readonly opened: (url: string) => void = () => undefined) {
    this.#served = { rules: { hosts: [], metrics: "token", token: this.#random }, live: undefined };
  }

  /** Undefined: there is no admin server. */
  get address(): SocketAddress | undefined {
    return this.#running?.server.local;
  }

  /** The page's address with the token; undefined: there is no admin server. */
  get url(): string | undefined {
    return this.#url;
  }

  /** The proxy is up. */
  serve(live: AnswerSource): void {
    this.#served.live = live;
    if (this.#running !== undefined) live.begin();
  }

  async prepare({ admin }: ResolvedConfig): Promise<PreparedCompanion> {
    if (admin === undefined) return { begin: () => this.#use(undefined, undefined), abandon: () => undefined };
    const listen = addressText(admin.address);
    if (this.#running?.listen === listen) {
      const running = this.#running;
      return { begin: () => this.#use(running, admin), abandon: () => undefined };
    }
    // A proxy without an admin server loads neither its code nor Node's HTTP.
    const { AdminServer: Server } = await import("./server/admin-server.ts");
    const server = await Server.bind(admin.address, this.#served);
    return { begin: () => this.#use({ server, listen }, admin), abandon: () => server.end() };
  }

  async close(): Promise<void> {
    this.#running?.server.end();
    this.#use(undefined, undefined);
    this.#served.live = undefined;
    return Promise.resolve();
  }

  /** Sessions are followed while somebody may ask for them: while there is an admin server, or after a first request over the control socket. */
  #follow(next: Running | undefined): void {
    const { live } = this.#served;
    if (next !== undefined) live?.begin();
    else if (this.#running !== undefined) live?.rest();
  }

  #use(running: Running | undefined, admin: ResolvedAdmin | undefined): void {
    this.#follow(running);
    if (running !== this.#running) this.#running?.server.close();
    this.#running = running;
    if (admin !== undefined) {
      const { hosts, metrics, token = this.#random } = admin;
      this.#served.rules = { hosts, metrics, token };
    }
    const url =
      running === undefined ? undefined : `${baseOf(running.server.local)}/#token=${encodeURIComponent(this.#served.rules.token)}`;
    if (url === this.#url) return;
    this.#url = url;
    if (url !== undefined) this.opened(url);
  }
}

function baseOf({ family, address, port }: SocketAddress): string {
  if (family === "unix") return `unix://${address}`;
  if (address === "0.0.0.0" || address === "::") return `http://127.0.0.1:${port}`;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
