import type { HttpRequest } from "sluice";
import type { RouteOptions } from "./options.ts";

/** The routes of a listener, the most specific first: host, then path, then method; the config's order among equals. */
export class Routes {
  readonly #sorted: readonly Compiled[];

  constructor(routes: readonly RouteOptions[]) {
    const compiled = routes.map((route, at) => compile(route, at));
    this.#sorted = compiled.toSorted((a, b) => b.hostRank - a.hostRank || b.path.length - a.path.length || b.methodRank - a.methodRank);
  }

  /** The index of the route for a request, in the order of the config; -1: none. */
  find({ host, url, method }: Pick<HttpRequest, "host" | "url" | "method">): number {
    for (const route of this.#sorted)
      if (isBelow(url, route.path) && isOf(host, route) && (route.methods?.has(method) ?? true)) return route.at;
    return -1;
  }
}

interface Compiled {
  readonly at: number;
  /** `api.localhost`, `.localhost` for a wildcard, or undefined for any. */
  readonly host: string | undefined;
  readonly hostRank: number;
  /** Without a slash at its end; empty: any. */
  readonly path: string;
  readonly methods: ReadonlySet<string> | undefined;
  readonly methodRank: number;
}

function compile({ host, path, method }: RouteOptions, at: number): Compiled {
  const name = host?.toLowerCase().replace(/^\*/, "");
  const wildcard = name?.startsWith(".") === true;
  return {
    at,
    host: name,
    // A name is more specific than any wildcard, and a longer wildcard than a shorter one.
    hostRank: name === undefined ? 0 : wildcard ? name.length : 1_000,
    path: path.replace(/\/$/, ""),
    methods: method === undefined ? undefined : new Set([method].flat().map((each) => each.toUpperCase())),
    methodRank: method === undefined ? 0 : 1,
  };
}

function isOf(host: string, route: Compiled): boolean {
  if (route.host === undefined) return true;
  return route.host.startsWith(".") ? host.endsWith(route.host) : host === route.host;
}

/** Whether a path is, or is below, another: `/a` has `/a`, `/a?b` and `/a/b`, and not `/ab`. */
function isBelow(url: string, path: string): boolean {
  if (path === "") return true;
  if (!url.startsWith(path)) return false;
  const next = url[path.length];
  return next === undefined || next === "/" || next === "?";
}

/** What the upstream is asked for, where a route has `rewrite`. */
export function rewritten(url: string, { path, rewrite }: Pick<RouteOptions, "path" | "rewrite">): string {
  if (rewrite === undefined) return url;
  const rest = url.slice(path.replace(/\/$/, "").length);
  const base = rewrite.replace(/\/$/, "");
  const whole = base + rest;
  return whole.startsWith("/") ? whole : `/${whole}`;
}
