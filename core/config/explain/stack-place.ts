import { fileURLToPath } from "node:url";
import type { SourcePlace } from "./code-frame.ts";

const frame = /^\s*at (?:.*?\(|async )?((?:file:\/\/)?\/.+?|[A-Za-z]:\\.+?):(\d+):(\d+)\)?$/;

/** The frames of a stack that are in files, the innermost first. Node maps stacks back to the source. */
export function placesInStack(stack: string | undefined): SourcePlace[] {
  return (stack ?? "").split("\n").flatMap((row) => {
    const [, location, line, column] = frame.exec(row) ?? [];
    const file = location === undefined ? undefined : fileOf(location);
    return file === undefined ? [] : [{ file, line: Number(line), column: Number(column) }];
  });
}

function fileOf(location: string): string | undefined {
  if (!location.startsWith("file://")) return location;
  try {
    return fileURLToPath(location);
  } catch {
    // A stack may contain any text.
    return undefined;
  }
}

/** The place of V8's syntax errors, which stands above their stack: `file:line`, the line, and a caret under the column. */
export function placeAbove(stack: string | undefined): SourcePlace | undefined {
  const [head = "", , caret = ""] = (stack ?? "").split("\n", 3);
  const [, location, line] = /^((?:file:\/\/)?\/.+|[A-Za-z]:\\.+):(\d+)$/.exec(head) ?? [];
  const file = location === undefined ? undefined : fileOf(location);
  if (file === undefined || !/^\s*\^/.test(caret)) return undefined;
  return { file, line: Number(line), column: caret.indexOf("^") + 1 };
}

/** The innermost frame of a stack that is in one of the files. */
export function placeInStack(stack: string | undefined, isLocal: (file: string) => boolean): SourcePlace | undefined {
  return placesInStack(stack).find(({ file }) => isLocal(file));
}

/** The place in one of the files from which the current call comes, however deep. */
export function callingPlace(isLocal: (file: string) => boolean): SourcePlace | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const place = placeInStack(new Error("where").stack, isLocal);
  Error.stackTraceLimit = limit;
  return place;
}
