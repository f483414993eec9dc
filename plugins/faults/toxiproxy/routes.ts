import { RequestFields } from "./request-fields.ts";
import type { ToxicProxies } from "./toxic-proxies.ts";

/** The version of toxiproxy that has this API. */
const VERSION = "2.12.0";

export interface Answer {
  readonly status: number;
  /** Undefined when there is no body. */
  readonly body?: unknown;
}

type Work = (names: readonly string[], body: unknown) => Answer | Promise<Answer>;

export interface Route {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly work: Work;
}

function route(methods: string, path: RegExp, work: Work): Route {
  return { methods: methods.split(" "), path, work };
}

const nothing: Answer = { status: 204 };

/** The routes of toxiproxy's HTTP API, like those in api.go of Shopify/toxiproxy. */
export function routesOf(proxies: ToxicProxies): readonly Route[] {
  const named = ([name = ""]: readonly string[]) => proxies.get(name);
  return [
    route("GET", /^\/version$/, () => ({ status: 200, body: { version: VERSION } })),
    route("POST", /^\/reset$/, async () => {
      await proxies.reset();
      return nothing;
    }),
    route("POST", /^\/populate$/, async (_names, body) => {
      const { error, proxies: made } = await proxies.populate(body);
      if (error === undefined) return { status: 201, body: { proxies: made } };
      return { status: error.status, body: { error: error.message, status: error.status, proxies: made } };
    }),
    route("GET", /^\/proxies$/, () => ({ status: 200, body: Object.fromEntries(proxies.all.map((proxy) => [proxy.name, proxy])) })),
    route("POST", /^\/proxies$/, async (_names, body) => ({ status: 201, body: await proxies.create(RequestFields.of(body)) })),
    route("GET", /^\/proxies\/([^/]+)$/, (names) => ({ status: 200, body: named(names) })),
    route("POST PATCH", /^\/proxies\/([^/]+)$/, async (names, body) => {
      const proxy = named(names);
      const fields = RequestFields.of(body);
      await proxy.update(fields.text("listen", proxy.listen), fields.text("upstream", proxy.upstream), fields.enabled(proxy.enabled));
      return { status: 200, body: proxy };
    }),
    route("DELETE", /^\/proxies\/([^/]+)$/, async ([name = ""]) => {
      await proxies.remove(name);
      return nothing;
    }),
    route("GET", /^\/proxies\/([^/]+)\/toxics$/, (names) => ({ status: 200, body: named(names).toxics })),
    route("POST", /^\/proxies\/([^/]+)\/toxics$/, async (names, body) => ({
      status: 200,
      body: await named(names).add(RequestFields.of(body)),
    })),
    route("GET", /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/, (names) => ({ status: 200, body: named(names).toxic(names[1] ?? "") })),
    route("POST PATCH", /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/, async (names, body) => ({
      status: 200,
      body: await named(names).updateToxic(names[1] ?? "", RequestFields.of(body)),
    })),
    route("DELETE", /^\/proxies\/([^/]+)\/toxics\/([^/]+)$/, async (names) => {
      await named(names).remove(names[1] ?? "");
      return nothing;
    }),
  ];
}
