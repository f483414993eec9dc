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

  /** @throws ApiError, or the error of the listener that refuses it */
  async create(fields: RequestFields): Promise<ToxicProxy> {
    const proxy = this.#read(fields, "");
    if (this.#proxies.has(proxy.name)) throw proxyExists();
    if (fields.enabled(true)) await proxy.start();
    this.#proxies.set(proxy.name, proxy);
    return proxy;
  }

  async remove(name: string): Promise<void> {
    const proxy = this.get(name);
    this.#proxies.delete(name);
    await proxy.stop();
  }

  /** Creates missing proxies and replaces different ones. When one fails, the proxies before it stay. */
  async populate(body: unknown): Promise<{ readonly proxies: readonly ToxicProxy[]; readonly error?: ApiError }> {
    if (!Array.isArray(body)) throw badBody("expected an array of proxies");
    const given = body.map((each) => RequestFields.of(each));
    const read = given.map((fields, index) => ({
      proxy: this.#read(fields, ` at proxy ${index + 1}`),
      enabled: fields.enabled(true),
    }));
    const proxies: ToxicProxy[] = [];
    try {
      for (const { proxy, enabled } of read) {
        // In order, so that the first failure is the one that is reported.
        // oxlint-disable-next-line no-await-in-loop -- one proxy after the other
        proxies.push(await this.#addOrReplace(proxy, enabled));
      }
      return { proxies };
    } catch (error) {
      return { proxies, error: asApiError(error) };
    }
  }

  async reset(): Promise<void> {
    for (const proxy of this.all) {
      // In order, so that nothing is still under way when the first failure is reported.
      // oxlint-disable-next-line no-await-in-loop -- one proxy after the other
      await proxy.reset();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy.stop()));
  }

  async #addOrReplace(proxy: ToxicProxy, enabled: boolean): Promise<ToxicProxy> {
    const existing = this.#proxies.get(proxy.name);
    if (existing !== undefined && !existing.differs(proxy.listen, proxy.upstream)) return existing;
    const wasEnabled = existing?.enabled === true;
    await existing?.stop();
    try {
      if (enabled) await proxy.start();
    } catch (error) {
      if (wasEnabled) await existing.start();
      throw error;
    }
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
