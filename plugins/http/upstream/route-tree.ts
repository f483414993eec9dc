/** A route as a tree finds it. */
export interface TreeRoute {
  /** Its place in the config. */
  readonly at: number;
  /** Undefined: every method. */
  readonly methods: ReadonlySet<string> | undefined;
}

interface Node {
  /** By segment. */
  children: Map<string, Node> | undefined;
  /** Those for a method first. */
  routes: TreeRoute[] | undefined;
}

/** The routes of one host, by the segments of their paths: finding one takes a step for each segment, however many there are. */
export class RouteTree {
  readonly #root: Node = { children: undefined, routes: undefined };

  /** @param path in its normal spelling */
  add(path: string, route: TreeRoute): void {
    let node = this.#root;
    for (const segment of segmentsOf(path)) {
      node.children ??= new Map();
      let next = node.children.get(segment);
      if (next === undefined) {
        next = { children: undefined, routes: undefined };
        node.children.set(segment, next);
      }
      node = next;
    }
    node.routes ??= [];
    node.routes.push(route);
    node.routes.sort((a, b) => rankOf(b) - rankOf(a) || a.at - b.at);
  }

  /** The place of the route with the longest path that is for a request; -1: none. @param path in its normal spelling */
  find(path: string, method: string): number {
    let node: Node | undefined = this.#root;
    let found = -1;
    let at = 0;
    while (node !== undefined) {
      const here = placeIn(node, method);
      if (here >= 0) found = here;
      if (at >= path.length) break;
      const end = path.indexOf("/", at + 1);
      const next = end < 0 ? path.length : end;
      node = node.children?.get(path.slice(at + 1, next));
      at = next;
    }
    return found;
  }
}

/** Of a path in its normal spelling; a slash at its end means nothing. */
export function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function rankOf({ methods }: TreeRoute): number {
  return methods === undefined ? 0 : 1;
}

function placeIn({ routes }: Node, method: string): number {
  return routes?.find(({ methods }) => methods?.has(method) ?? true)?.at ?? -1;
}
