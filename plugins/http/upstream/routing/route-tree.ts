/** A route in the tree. */
export interface TreeRoute {
  /** Its index in the config. */
  readonly at: number;
  /** Undefined for every method. */
  readonly methods: ReadonlySet<string> | undefined;
}

interface Node {
  /** The next nodes by segment. */
  children: Map<string, Node> | undefined;
  /** The routes that end here; those for certain methods first. */
  routes: TreeRoute[] | undefined;
}

/** The routes of one host, by the segments of their paths: finding a route takes one step per segment, however many routes there are. */
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

  /** The index of the matching route with the longest path; -1 when none matches. @param path in its normal spelling */
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

/** The segments of a path in its normal spelling; a slash at its end is ignored. */
export function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function rankOf({ methods }: TreeRoute): number {
  return methods === undefined ? 0 : 1;
}

function placeIn({ routes }: Node, method: string): number {
  return routes?.find(({ methods }) => methods?.has(method) ?? true)?.at ?? -1;
}
