import type { ModuleItem } from "@swc/core";
import type { Compiled } from "./compiler.ts";
import { swc } from "./swc.ts";

/**
 * Whether a module exports a type of that name, and no value: an interface, an alias, or something that it exports again as a type. It parses the
 * module again, so it is called only when a name is missing.
 */
export function declaresType({ file, source }: Compiled, name: string): boolean {
  if (!/\.[cm]?tsx?$/.test(file)) return false;
  try {
    const { body } = swc(file).parseSync(source.replace(/^#!/, "//"), {
      syntax: "typescript",
      tsx: file.endsWith("x"),
      decorators: true,
      target: "es2022",
    });
    return body.some((item) => exportedTypes(item, body).includes(name));
  } catch {
    return false;
  }
}

function exportedTypes(item: ModuleItem, body: readonly ModuleItem[]): string[] {
  if (item.type === "ExportDeclaration") return typeNames(item.declaration);
  if (item.type !== "ExportNamedDeclaration") return [];
  return item.specifiers.flatMap((each) => {
    if (each.type !== "ExportSpecifier") return [];
    const isType = item.typeOnly || each.isTypeOnly || (item.source === null && isLocalType(each.orig.value, body));
    return isType ? [(each.exported ?? each.orig).value] : [];
  });
}

function isLocalType(name: string, body: readonly ModuleItem[]): boolean {
  return body.some((item) => {
    if (item.type !== "ImportDeclaration") return typeNames(item).includes(name);
    return item.specifiers.some(
      (each) => each.local.value === name && (item.typeOnly || (each.type === "ImportSpecifier" && each.isTypeOnly)),
    );
  });
}

/** The types that a declaration declares; names that it only declares (`declare`) count as types too, since they have no value here. */
function typeNames(node: ModuleItem): string[] {
  if (node.type === "TsInterfaceDeclaration" || node.type === "TsTypeAliasDeclaration" || node.type === "TsModuleDeclaration")
    return [node.id.value];
  if (node.type === "ClassDeclaration" || node.type === "FunctionDeclaration") return node.declare ? [node.identifier.value] : [];
  if (node.type !== "VariableDeclaration" || !node.declare) return [];
  return node.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.value] : []));
}
