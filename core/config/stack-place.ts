import { fileURLToPath } from "node:url";
import type { Place } from "./code-frame.ts";

/** The innermost frame of a stack that lies in one of the files. Stacks are mapped back to the source by Node. */
export function placeInStack(stack: string | undefined, isLocal: (file: string) => boolean): Place | undefined {
  for (const row of (stack ?? "").split("\n")) {
    const [, location, line, column] = /^\s*at (?:.*?\()?((?:file:\/\/)?\/.+?|[A-Za-z]:\\.+?):(\d+):(\d+)\)?$/.exec(row) ?? [];
    if (location === undefined) continue;
    const file = location.startsWith("file://") ? fileURLToPath(location) : location;
    if (isLocal(file)) return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** The place in one of the files that is calling now, however deep. */
export function callingPlace(isLocal: (file: string) => boolean): Place | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const place = placeInStack(new Error("where").stack, isLocal);
  Error.stackTraceLimit = limit;
  return place;
}
