import type { HttpRequest } from "sluice";
import { normalPath } from "../../message/normal-path.ts";
import type { RouteOptions } from "../../exchange/options.ts";
import { RouteTree, segmentsOf } from "./route-tree.ts";
import { pathOf } from "../../message/target.ts";

/**
 * The routes of a listener. The most specific one counts: by host, then by path, then by method; among equal ones the first in the config. It is an
 * index (ADR 0019): a request takes no longer with more routes.
 */
export class Routes {
  readonly #names = new Map<string, RouteTree>();
  /** The trees of wildcard hosts, by the text after the asterisk. */
  readonly #wildcards = new Map<string, RouteTree>();
  /** The lengths of these texts, the longest first. */
  readonly #lengths: readonly number[];
  readonly #any = new RouteTree();

  constructor(routes: readonly RouteOptions[]) {
    for (const [at, { host, path, method }] of routes.entries()) {
      const methods = method === undefined ? undefined : new Set([method].flat().map((each) => each.toUpperCase()));
      this.#treeOf(host).add(normalPath(path), { at, methods });
    }
    this.#lengths = [...new Set([...this.#wildcards.keys()].map(({ length }) => length))].toSorted((a, b) => b - a);
  }

  /** The index of the route for a request, in the order of the config; -1 when there is none. */
  find({ host, url, method }: Pick<HttpRequest, "host" | "url" | "method">): number {
    const path = url === "*" ? "/" : normalPath(pathOf(url));
    const named = this.#names.get(host)?.find(path, method) ?? -1;
    if (named >= 0) return named;
    for (const length of this.#lengths) {
      const found = this.#wildcards.get(host.slice(-length))?.find(path, method) ?? -1;
      if (found >= 0 && host.length > length) return found;
    }
    return this.#any.find(path, method);
  }

  #treeOf(host: string | undefined): RouteTree {
    if (host === undefined) return this.#any;
    const [trees, name] = host.startsWith("*") ? [this.#wildcards, host.slice(1)] : [this.#names, host];
    let tree = trees.get(name);
    if (tree === undefined) {
      tree = new RouteTree();
      trees.set(name, tree);
    }
    return tree;
  }
}

/** The URL for the upstream of a route with `rewrite`. The part after the route's path stays as it was sent. */
export function rewritten(url: string, { path, rewrite }: Pick<RouteOptions, "path" | "rewrite">): string {
  if (rewrite === undefined || url === "*") return url;
  const whole = rewrite.replace(/\/$/, "") + url.slice(endOf(segmentsOf(normalPath(path)).length, url));
  return whole.startsWith("/") ? whole : `/${whole}`;
}

/** The offset after a number of segments of a URL, in any spelling. */
function endOf(segments: number, url: string): number {
  let at = 0;
  for (let left = segments; left > 0; left -= 1) {
    while (url[at] === "/") at += 1;
    while (at < url.length && url[at] !== "/" && url[at] !== "?") at += 1;
  }
  return at;
}
