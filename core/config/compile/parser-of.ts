import type { ParserConfig } from "@swc/core";

/** How swc has to parse a file of this name: JavaScript or TypeScript, with or without JSX. */
export function parserOf(file: string): ParserConfig {
  return /\.[cm]?jsx?$/.test(file)
    ? { syntax: "ecmascript", jsx: file.endsWith("x"), decorators: true, autoAccessors: true }
    : { syntax: "typescript", tsx: file.endsWith("x"), decorators: true };
}
