import { readFileSync } from "node:fs";
import { SluiceError, textOf } from "../../contract/index.ts";
import { toCommonJs } from "../compile/to-commonjs.ts";
import { placeText } from "../explain/code-frame.ts";
import { placeAbove, placesInStack } from "../explain/stack-place.ts";
import { Resolver } from "../resolve/resolve-module.ts";

/** The most modules of a package that are read to find a syntax error. */
const most = 300;

/** Where a package failed to load, as `file:line:column`: its own place, not that of the import. Undefined when it is not known. */
export function packageFault(specifier: string, from: string, thrown: unknown): string | undefined {
  const stack = textOf(thrown, "stack");
  const above = placeAbove(stack);
  if (above !== undefined) return placeText(above);
  if (thrown instanceof SyntaxError) return syntaxFault(specifier, from);
  const [innermost] = placesInStack(stack);
  // Node's own errors about the import name what is wrong, and come from here.
  const isNodes = thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("ERR_");
  return innermost === undefined || isNodes ? undefined : placeText(innermost);
}

/** Gives a syntax error of a package's ES module its place, where V8 writes that of CommonJS: above the stack. */
export function placeSyntaxError(specifier: string, from: string, thrown: unknown): void {
  if (!(thrown instanceof SyntaxError) || placeAbove(textOf(thrown, "stack")) !== undefined) return;
  const where = syntaxFault(specifier, from);
  if (where !== undefined) thrown.stack = `${headAt(where)}${thrown.stack ?? ""}`;
}

function headAt(where: string): string {
  const [, file = "", line, column] = /^(.+):(\d+):(\d+)$/.exec(where) ?? [];
  const text = readFileSync(file, "utf8").split("\n")[Number(line) - 1];
  return `${file}:${line}\n${text}\n${" ".repeat(Number(column) - 1)}^\n\n`;
}

/** The syntax error in one of the modules that an import leads to: Node gives no place of one in an ES module. */
function syntaxFault(specifier: string, from: string): string | undefined {
  const resolver = new Resolver();
  const files = new Set<string>();
  const follow = (name: string, importer: string): void => {
    const found = resolver.resolve(name, importer);
    if (found.kind === "package" && found.file !== undefined && files.size < most) files.add(found.file);
  };
  follow(specifier, from);
  for (const file of files) {
    try {
      for (const { specifier: name } of toCommonJs(file, readFileSync(file, "utf8")).record.requests) follow(name, file);
    } catch (error) {
      if (SluiceError.is(error) && error.code === "SLUICE_CONFIG_SYNTAX") return error.where;
    }
  }
  return undefined;
}
