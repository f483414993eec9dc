import { randomBytes } from "node:crypto";
import type { ResolvedAdmin, ResolvedConfig, SocketAddress } from "../contract/index.ts";
import { settledAddress } from "../net/accept/listen-host.ts";
import type { SocketHolder } from "../runtime/generation/socket-claims.ts";
import type { MovableSocket } from "../runtime/listener/socket-beside.ts";
import type { Companion, PreparedCompanion } from "../runtime/proxy/companion.ts";
import type { AnswerSource } from "./server/answer-source.ts";
import type { AdminServer } from "./server/admin-server.ts";
import type { ServerSource } from "./server/request-handler.ts";

/** A server that listens. */
interface Running extends SocketHolder {
  readonly server: AdminServer;
}

/** Its name in messages. No listener can have it. */
const NAME = "the admin server";

/**
 * The admin server of a proxy. It follows the config as the listeners do: a reload can start, move or stop it. If its address stays, in any way of
 * writing it, it is never bound again; what overlaps a new address makes room for it, so that it can exchange addresses with listeners.
 */
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
    const running = this.#running;
    let next: Running | undefined;
    const config = admin === undefined ? undefined : { name: NAME, address: await settledAddress(admin.address), isBeside: true as const };
    // A proxy without an admin server loads neither its code nor Node's HTTP.
    const Server = config === undefined ? undefined : (await import("./server/admin-server.ts")).AdminServer;
    return {
      socket: {
        running: running === undefined ? undefined : this.#movable(running),
        next: config,
        keep: () => {
          if (running !== undefined && config !== undefined) next = { ...running, config };
        },
        bind: async (address) => {
          if (Server === undefined || config === undefined) return () => undefined;
          const server = await Server.bind(address, this.#served);
          next = { server, config, bound: server.bound };
          return () => server.end();
        },
      },
      begin: () => this.#use(next, admin),
    };
  }

  async close(): Promise<void> {
    this.#running?.server.end();
    this.#use(undefined, undefined);
    this.#served.live = undefined;
    return Promise.resolve();
  }

  /** The socket of the running server, which may have to make room. Where it cannot be bound again, there is no admin server. */
  #movable({ server, config, bound }: Running): MovableSocket {
    return {
      config,
      bound,
      release: () => server.release(),
      reopen: async () => {
        try {
          await server.reopen();
        } catch (error) {
          this.#use(undefined, undefined);
          throw error;
        }
      },
    };
  }

  /** Sessions are followed while somebody may ask for them: while there is an admin server, or after a first request over the control socket. */
  #follow(next: Running | undefined): void {
    const { live } = this.#served;
    if (next !== undefined) live?.begin();
    else if (this.#running !== undefined) live?.rest();
  }

  #use(running: Running | undefined, admin: ResolvedAdmin | undefined): void {
    this.#follow(running);
    if (running?.server !== this.#running?.server) this.#running?.server.close();
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
