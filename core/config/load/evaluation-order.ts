/** What the order depends on: the imports of the modules of a load. */
export interface Imports {
  /** The local modules that a module imports and that are not evaluated yet, in the order of its imports. */
  of(file: string): readonly string[];
  /** Whether it has a top-level await. */
  awaits(file: string): boolean;
}

/**
 * The order in which a module and its imports are evaluated, one at a time (ECMA-262 section 16.2.1.6.1.3.1, InnerModuleEvaluation). For a
 * circle of imports it has only the member that is reached first, and the members that await: the imports of the first member evaluate the
 * others after it has begun, since functions of a module can be called from then on.
 */
export function evaluationOrder(entry: string, imports: Imports): string[] {
  const order: string[] = [];
  const reached = new Map<string, number>();
  const awaiting = new Set<string>();
  // Reached, but its circle, if any, is not complete: R. Tarjan, Depth-first search and linear graph algorithms, 1972.
  const open: string[] = [];
  const complete = new Set<string>();
  const visited = (file: string): number => {
    const known = reached.get(file);
    if (known === undefined) return visit(file);
    return complete.has(file) ? Infinity : known;
  };
  const visit = (file: string): number => {
    const own = reached.size;
    reached.set(file, own);
    open.push(file);
    if (imports.awaits(file)) awaiting.add(file);
    let lowest = own;
    for (const next of imports.of(file)) {
      lowest = Math.min(lowest, visited(next));
      if (awaiting.has(next)) awaiting.add(file);
    }
    if (lowest === own) for (const done of open.splice(open.lastIndexOf(file))) complete.add(done);
    if (lowest === own || awaiting.has(file)) order.push(file);
    return lowest;
  };
  visit(entry);
  return order;
}
