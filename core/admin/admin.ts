import { randomBytes } from "node:crypto";
import {
  addressText,
  reasonOf,
  SluiceError,
  type ListenAddress,
  type ResolvedAdmin,
  type ResolvedConfig,
  type SocketAddress,
} from "../contract/index.ts";
import { settledAddress } from "../net/accept/listen-host.ts";
import { claimSockets, placeOf, type Claim, type SocketHolder } from "../runtime/generation/socket-claims.ts";
import type { Companion, PreparedCompanion } from "../runtime/proxy/companion.ts";
import type { AnswerSource } from "./server/answer-source.ts";
import type { AdminServer } from "./server/admin-server.ts";
import type { ServerSource } from "./server/request-handler.ts";

/** A server that listens. */
interface Running extends SocketHolder {
  readonly server: AdminServer;
}

const NAME = "admin";
const nothingLost: PreparedCompanion["abandon"] = () => Promise.resolve([]);

/**
 * The admin server of a proxy. It follows the config as the listeners do: a reload can start, move or stop it. If its address stays, in any way of
 * writing it, it is never bound again; a server that overlaps the new address makes room for it.
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
    if (admin === undefined) return { begin: () => this.#use(undefined, undefined), abandon: nothingLost };
    const config = { name: NAME, address: admin.address };
    const claim = await this.#claim(admin);
    const { socketOf, inTheWay } = claim;
    if (socketOf !== undefined) return { begin: () => this.#use({ ...socketOf, config }, admin), abandon: nothingLost };
    const bind = await this.#binder();
    for (const { server } of inTheWay) server.release();
    try {
      const server = await bind(placeOf(config, claim));
      return {
        begin: () => this.#use({ server, config, bound: server.bound }, admin),
        abandon: () => {
          server.end();
          return this.#reopen(inTheWay);
        },
      };
    } catch (error) {
      const lost = await this.#reopen(inTheWay);
      if (lost.length === 0) throw error;
      throw new SluiceError("SLUICE_ADDRESS_IN_USE", [reasonOf(error), ...lost].join("; "), { cause: error });
    }
  }

  async rehearse({ admin }: ResolvedConfig): Promise<void> {
    if (admin === undefined) return;
    const { socketOf, inTheWay } = await this.#claim(admin);
    if (socketOf !== undefined || inTheWay.length > 0) return;
    const bind = await this.#binder();
    (await bind(admin.address)).end();
  }

  async close(): Promise<void> {
    this.#running?.server.end();
    this.#use(undefined, undefined);
    this.#served.live = undefined;
    return Promise.resolve();
  }

  /** What happens to the running server. */
  async #claim({ address }: ResolvedAdmin): Promise<Claim<Running>> {
    const running = this.#running === undefined ? [] : [this.#running];
    const next = { name: NAME, address: await settledAddress(address) };
    return claimSockets(running, [next]).get(NAME) ?? { goesOn: undefined, socketOf: undefined, inTheWay: [] };
  }

  /** A proxy without an admin server loads neither its code nor Node's HTTP. */
  async #binder(): Promise<(address: ListenAddress) => Promise<AdminServer>> {
    const { AdminServer: Server } = await import("./server/admin-server.ts");
    return (address) => Server.bind(address, this.#served);
  }

  /** Has servers accept again that made room for another. @returns a message for one that cannot: then there is no admin server */
  async #reopen(released: readonly Running[]): Promise<readonly string[]> {
    const lost = await Promise.all(
      released.map(async ({ server, bound }) => {
        try {
          await server.reopen();
          return [];
        } catch (error) {
          this.#use(undefined, undefined);
          return [`the admin server: ${addressText(bound)} could not be bound again (${reasonOf(error)}): reload to try again`];
        }
      }),
    );
    return lost.flat();
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
