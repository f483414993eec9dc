import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { swc } from "../compile/swc.ts";

// Each hook works in both ways: in a thread of its own (Node 20), where `next` returns a promise, and in the thread itself.

interface ImportContext {
  readonly parentURL?: string | undefined;
}

type Next<C> = (name: string, context: C) => unknown;

/** Finds `./a.ts` by the name `./a.js`, as tsc does, if there is no `./a.js`. */
export function resolve<C extends ImportContext>(specifier: string, context: C, next: Next<C>): unknown {
  return next(sourceOf(specifier, context.parentURL), context);
}

function sourceOf(specifier: string, parent: string | undefined): string {
  if (parent?.startsWith("file:") !== true || !/^\.{0,2}\/.*\.[cm]?js$/.test(specifier)) return specifier;
  const source = specifier.replace(/js$/, "ts");
  return !existsSync(new URL(specifier, parent)) && existsSync(new URL(source, parent)) ? source : specifier;
}

/** Compiles `.ts` and `.mts` to ES modules. Files of packages are left to Node. */
export function load<C extends object>(url: string, context: C, next: Next<C>): unknown {
  if (!/^file:[^?#]*\.m?ts([?#]|$)/.test(url) || url.includes("/node_modules/")) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = swc(filename).transformSync(readFileSync(filename, "utf8"), {
    filename,
    configFile: false,
    swcrc: false,
    sourceMaps: "inline",
    module: { type: "es6" },
    jsc: {
      target: "es2022",
      keepClassNames: true,
      parser: { syntax: "typescript", decorators: true },
      // The same as in the config's loader.
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    },
  });
  return { format: "module", source: code, shortCircuit: true };
}
