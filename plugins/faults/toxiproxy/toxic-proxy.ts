import { createProxy, type Direction, type Logger, type Proxy, type PluginUse, type SluiceConfig } from "sluice";
import { toxicExists, toxicNotFound } from "./api-error.ts";
import type { RequestFields } from "./request-fields.ts";
import { Toxic } from "./toxic.ts";

/** A proxy of the API: its toxics, and its listener while it is enabled. */
export class ToxicProxy {
  #running: Proxy | undefined;
  #toxics: readonly Toxic[] = [];

  constructor(
    readonly name: string,
    public listen: string,
    public upstream: string,
    private readonly logger: Logger,
  ) {}

  get enabled(): boolean {
    return this.#running !== undefined;
  }

  /** Binds the listener, after which its port is known. Does nothing when it is bound already. @throws the error of the listener */
  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    this.#running = await createProxy(this.#config(), { logger: this.logger });
    this.listen = String(this.#running.listeners["proxy"]?.address);
  }

  /** Closes the listener and its connections at once. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close({ drain: 0 });
  }

  differs(listen: string, upstream: string): boolean {
    return bound(listen) !== bound(this.listen) || upstream !== this.upstream;
  }

  /** Changes it, which breaks its connections off. A change that is not possible is refused, and the proxy stays as it was. @throws the error of the listener */
  async update(listen: string, upstream: string, enabled: boolean): Promise<void> {
    const before = { listen: this.listen, upstream: this.upstream, enabled: this.enabled };
    if (this.differs(listen, upstream)) {
      await this.stop();
      this.listen = listen;
      this.upstream = upstream;
    }
    try {
      if (enabled) await this.start();
      else await this.stop();
    } catch (error) {
      this.listen = before.listen;
      this.upstream = before.upstream;
      if (before.enabled) await this.start();
      throw error;
    }
  }

  /** The toxics in toxiproxy's order: those towards the upstream first. */
  get toxics(): readonly Toxic[] {
    return [...this.#of("fromClient"), ...this.#of("fromUpstream")];
  }

  /** @throws ApiError */
  toxic(name: string): Toxic {
    const found = this.#toxics.find((toxic) => toxic.name === name);
    if (found === undefined) throw toxicNotFound();
    return found;
  }

  /** Adds a toxic, which works at once on open connections too. @throws ApiError */
  async add(fields: RequestFields): Promise<Toxic> {
    const toxic = Toxic.of(fields);
    if (this.#toxics.some(({ name }) => name === toxic.name)) throw toxicExists();
    await this.#use([...this.#toxics, toxic]);
    return toxic;
  }

  async updateToxic(name: string, fields: RequestFields): Promise<Toxic> {
    const toxic = this.toxic(name);
    const changed = toxic.with(fields);
    await this.#use(this.#toxics.map((other) => (other === toxic ? changed : other)));
    return changed;
  }

  async remove(name: string): Promise<void> {
    const toxic = this.toxic(name);
    await this.#use(this.#toxics.filter((other) => other !== toxic));
  }

  async reset(): Promise<void> {
    await this.start();
    if (this.#toxics.length > 0) await this.#use([]);
  }

  toJSON(): object {
    const { name, listen, upstream, enabled, toxics } = this;
    return { name, listen, upstream, enabled, toxics };
  }

  #of(direction: Direction): Toxic[] {
    return this.#toxics.filter((toxic) => toxic.direction === direction);
  }

  /** Toxics that are refused change nothing. */
  async #use(toxics: readonly Toxic[]): Promise<void> {
    const before = this.#toxics;
    this.#toxics = toxics;
    try {
      await this.#running?.apply(this.#config());
    } catch (error) {
      this.#toxics = before;
      throw error;
    }
  }

  #config(): SluiceConfig {
    // In each direction data passes the oldest toxic first.
    const inOrder = [...this.#of("fromClient"), ...this.#of("fromUpstream").toReversed()];
    const plugins = inOrder.map((toxic) => toxic.use).filter((use): use is PluginUse => use !== undefined);
    return { listeners: { proxy: { listen: `tcp://${bound(this.listen)}`, upstream: this.upstream, plugins } } };
  }
}

/** The address as Go binds it: `localhost` is IPv4, and no host is every interface. */
function bound(listen: string): string {
  if (listen === "") return "127.0.0.1:0";
  return listen.replace(/^localhost:/, "127.0.0.1:").replace(/^:/, "[::]:");
}
