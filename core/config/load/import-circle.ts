import type { Resolution } from "../resolve/resolve-module.ts";

/** The modules of one load. */
export interface Importers {
  /** By file, with the imports of each. */
  readonly sources: ReadonlyMap<string, { readonly source: string; readonly specifiers: readonly string[] }>;
  find(specifier: string, file: string): Resolution;
}

/** The shortest circle of imports from a module to itself, with the module at both ends; undefined when there is none. */
export function importCircle(file: string, modules: Importers): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[file]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of importsOf(way.at(-1) ?? file, modules)) {
      if (next === file) return [...way, file];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

function importsOf(file: string, modules: Importers): string[] {
  return (modules.sources.get(file)?.specifiers ?? []).flatMap((specifier) => {
    const target = modules.find(specifier, file);
    return target.kind === "local" ? [target.file] : [];
  });
}
