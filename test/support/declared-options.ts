import { filesUnder, readText } from "./repository.ts";

/** One property of an interface, as it stands in an emitted declaration. */
export interface DeclaredOption {
  readonly name: string;
  readonly type: string;
  /** What an editor shows of it; empty: nothing. */
  readonly doc: string;
}

const anInterface = /^export interface (\w+)(?:<\w+>)?(?: extends (\w+))? \{\n(.*?)^\}/gms;

/** The interfaces of emitted declarations, by their names, with what they extend: what an editor has of an installed package. */
export function declaredInterfaces(folders: readonly string[]): ReadonlyMap<string, readonly DeclaredOption[]> {
  const found = new Map<string, readonly DeclaredOption[]>();
  const parents = new Map<string, string>();
  for (const file of folders.flatMap((folder) => filesUnder(folder, ".d.ts")))
    for (const [, name = "", parent, body = ""] of readText(file).matchAll(anInterface)) {
      found.set(name, optionsIn(body));
      if (parent !== undefined) parents.set(name, parent);
    }
  const withInherited = (name: string | undefined): readonly DeclaredOption[] =>
    name === undefined ? [] : [...withInherited(parents.get(name)), ...(found.get(name) ?? [])];
  return new Map(Array.from(found.keys(), (name) => [name, withInherited(name)]));
}

function optionsIn(body: string): DeclaredOption[] {
  const property = /^ {4}(?:\/\*\*(?<doc>(?:(?!\*\/).)*)\*\/\n {4})?(?:readonly )?(?<name>\w+)\??: (?<type>(?:.|\n {5,})*?);$/gms;
  return Array.from(body.matchAll(property), ({ groups = {} }) => {
    const { name = "", type = "", doc = "" } = groups;
    return { name, type, doc: doc.replaceAll(/\s*\n\s*\*?\s*/g, " ").trim() };
  });
}

/** The declaration of a value or a function, and its own docstring. */
export function declaredValue(folders: readonly string[], name: string): { readonly doc: string; readonly type: string } | undefined {
  for (const file of folders.flatMap((folder) => filesUnder(folder, ".d.ts"))) {
    const pattern = new RegExp(
      String.raw`(?:/\*\*((?:(?!\*/).)*)\*/\n)?export declare (?:const ${name}: |function ${name}(?=[(<]))(.*?);$`,
      "ms",
    );
    const [, doc = "", type] = pattern.exec(readText(file)) ?? [];
    if (type !== undefined) return { doc, type };
  }
  return undefined;
}
