import { NetworkTable } from "sluice";
import type { ClientFacts } from "./knowledge.ts";
import type { Route } from "./options.ts";

/**
 * The routes that can be the one for a client, in their order: those that name its server name or its network, and those that name neither. So the number of
 * the others costs a session nothing.
 */
export class RouteIndex {
  /** Positions by pattern: `a.test`, `*.a.test`, `*`. */
  readonly #names = new Map<string, number[]>();
  readonly #networks = new NetworkTable<number>();
  readonly #others: number[] = [];
  readonly #positions: ReadonlyMap<Route, number>;

  constructor(readonly routes: readonly Route[]) {
    this.#positions = new Map(routes.map((route, at) => [route, at]));
    for (const [at, { serverName, client }] of routes.entries())
      if (serverName !== undefined) for (const pattern of serverName) this.#addName(pattern, at);
      else if (client === undefined) this.#others.push(at);
      else this.#networks.add(client.texts, at);
  }

  /** The number of a route in the config. */
  positionOf(route: Route): number | undefined {
    return this.#positions.get(route);
  }

  /** Before the ClientHello is known each route may be the one; then the first of them that may be decides that more is read. */
  candidates({ client, hello }: Pick<ClientFacts, "client" | "hello">): readonly Route[] {
    if (hello === undefined && this.#names.size > 0) return this.routes;
    const name = hello?.serverName;
    const found = new Set([...this.#others, ...this.#networks.of(client), ...(name === undefined ? [] : this.#named(name))]);
    return [...found].toSorted((a, b) => a - b).flatMap((at) => this.routes[at] ?? []);
  }

  #named(name: string): number[] {
    const found = [...(this.#names.get(name) ?? []), ...(this.#names.get("*") ?? [])];
    for (let dot = name.indexOf(".", 1); dot > 0; dot = name.indexOf(".", dot + 1))
      found.push(...(this.#names.get(`*${name.slice(dot)}`) ?? []));
    return found;
  }

  #addName(pattern: string, at: number): void {
    const same = this.#names.get(pattern);
    if (same === undefined) this.#names.set(pattern, [at]);
    else same.push(at);
  }
}
