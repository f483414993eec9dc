import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseTsconfig, type TsConfigJson } from "get-tsconfig";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { addToJson } from "./add-to-json.ts";

type Options = NonNullable<TsConfigJson["compilerOptions"]>;

/** The tsconfig.json of a folder as `sluice init` wants it. */
export interface StarterTsconfig {
  /** Undefined when nothing is missing in the one that is there. */
  readonly text: string | undefined;
  /** What stands in it and keeps tsc from finding `sluice/plugins`: for a person to change. */
  readonly obstacle: string | undefined;
}

/** For a folder that has none. */
const fresh = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "strict": true,
    "skipLibCheck": true,
    "noEmit": true
  }
}
`;

/** Adds what tsc needs to a tsconfig.json, and changes nothing that is there or in what it extends. @throws SLUICE_USAGE when it cannot be read */
export function starterTsconfig(file: string): StarterTsconfig {
  if (!existsSync(file)) return { text: fresh, obstacle: undefined };
  const before = readFileSync(file, "utf8");
  try {
    const { compilerOptions = {} } = parseTsconfig(path.resolve(file));
    const text = addToJson(before, ["compilerOptions"], missingIn(compilerOptions));
    return { text: text === before ? undefined : text, obstacle: obstacleIn(compilerOptions) };
  } catch (error) {
    throw new SluiceError("SLUICE_USAGE", `cannot be read: ${reasonOf(error)}`, { where: path.resolve(file), cause: error });
  }
}

/** What the oldest TypeScript that is promised would take for granted otherwise: ES5, CommonJS, and packages without `exports`. */
function missingIn(there: Options): Options {
  const { target, lib, skipLibCheck } = there;
  const added: Options = { ...missingModule(there), ...(skipLibCheck === undefined ? { skipLibCheck: true } : {}) };
  return target === undefined && lib === undefined ? { target: "es2023", ...added } : added;
}

function missingModule({ module, moduleResolution }: Options): Options {
  if (module === undefined) {
    if (moduleResolution === undefined) return { module: "nodenext" };
    return moduleResolution.toLowerCase() === "bundler" ? { module: "esnext" } : {};
  }
  // "classic" is what parseTsconfig takes for meant where nothing is said, as TypeScript before 6.
  const isUnsaid = moduleResolution === undefined || moduleResolution === "classic";
  return isUnsaid && /^es/i.test(module) ? { moduleResolution: "bundler" } : {};
}

function obstacleIn({ module, moduleResolution }: Options): string | undefined {
  if (/^(node|node10)$/i.test(moduleResolution ?? "")) return `"moduleResolution": "${moduleResolution}"`;
  return /^(commonjs|amd|umd|system)$/i.test(module ?? "") && moduleResolution === undefined ? `"module": "${module}"` : undefined;
}
