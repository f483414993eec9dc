import type { Logger } from "sluice";
import { asApiError, badBody, missingField, proxyExists, proxyNotFound, type ApiError } from "./api-error.ts";
import { RequestFields } from "./request-fields.ts";
import { ToxicProxy } from "./toxic-proxy.ts";

/** The proxies of the API, by name. */
export class ToxicProxies {
  readonly #proxies = new Map<string, ToxicProxy>();

  constructor(private readonly logger: Logger) {}

  get all(): readonly ToxicProxy[] {
    return [...this.#proxies.values()];
  }

  /** @throws ApiError */
  get(name: string): ToxicProxy {
    const found = this.#proxies.get(name);
    if (found === undefined) throw proxyNotFound();
    return found;
  }

  /** @throws ApiError, or what refuses it */
  async create(fields: RequestFields): Promise<ToxicProxy> {
    const proxy = this.#read(fields, "");
    if (this.#proxies.has(proxy.name)) throw proxyExists();
    if (fields.truth("enabled", true)) await proxy.start();
    this.#proxies.set(proxy.name, proxy);
    return proxy;
  }

  async remove(name: string): Promise<void> {
    const proxy = this.get(name);
    this.#proxies.delete(name);
    await proxy.stop();
  }

  /** Makes those that are not there, and replaces those that are different. What was made before one fails stays. */
  async populate(body: unknown): Promise<{ readonly proxies: readonly ToxicProxy[]; readonly error?: ApiError }> {
    if (!Array.isArray(body)) throw badBody("expected an array of proxies");
    const given = body.map((each) => RequestFields.of(each));
    const read = given.map((fields, index) => ({
      proxy: this.#read(fields, ` at proxy ${index + 1}`),
      enabled: fields.truth("enabled", true),
    }));
    const proxies: ToxicProxy[] = [];
    try {
      for (const { proxy, enabled } of read) {
        // In their order, so that the first that fails is the one reported.
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        proxies.push(await this.#addOrReplace(proxy, enabled));
      }
      return { proxies };
    } catch (error) {
      return { proxies, error: asApiError(error) };
    }
  }

  async reset(): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy.reset()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy.stop()));
  }

  async #addOrReplace(proxy: ToxicProxy, enabled: boolean): Promise<ToxicProxy> {
    const existing = this.#proxies.get(proxy.name);
    if (existing !== undefined && !existing.differs(proxy.listen, proxy.upstream)) return existing;
    await existing?.stop();
    if (enabled) await proxy.start();
    this.#proxies.set(proxy.name, proxy);
    return proxy;
  }

  #read(fields: RequestFields, place: string): ToxicProxy {
    const name = fields.text("name", "");
    if (name === "") throw missingField(`name${place}`);
    const upstream = fields.text("upstream", "");
    if (upstream === "") throw missingField(`upstream${place}`);
    return new ToxicProxy(name, fields.text("listen", ""), upstream, this.logger);
  }
}
