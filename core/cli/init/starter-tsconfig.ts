import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseTsconfig, type TsConfigJson } from "get-tsconfig";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { addToJson } from "./add-to-json.ts";

type Options = NonNullable<TsConfigJson["compilerOptions"]>;

/** The tsconfig.json that `sluice init` needs in a folder. */
export interface StarterTsconfig {
  /** Its new text; undefined when nothing is missing in the existing file. */
  readonly text: string | undefined;
  /** A setting that keeps tsc from finding `sluice/plugins`, which the user must change. */
  readonly obstacle: string | undefined;
}

/** The text for a folder without one. */
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

/**
 * Adds the settings that tsc needs to a tsconfig.json, without changing existing ones or those of a file that it extends. @throws SLUICE_USAGE when
 * it cannot be read
 */
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

/** Settings whose defaults in the oldest supported TypeScript are wrong: ES5, CommonJS, and packages without `exports`. */
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
  // "classic" is what parseTsconfig returns when nothing is set, like TypeScript before version 6.
  const isUnsaid = moduleResolution === undefined || moduleResolution === "classic";
  return isUnsaid && /^es/i.test(module) ? { moduleResolution: "bundler" } : {};
}

function obstacleIn({ module, moduleResolution }: Options): string | undefined {
  if (/^(node|node10)$/i.test(moduleResolution ?? "")) return `"moduleResolution": "${moduleResolution}"`;
  return /^(commonjs|amd|umd|system)$/i.test(module ?? "") && moduleResolution === undefined ? `"module": "${module}"` : undefined;
}
