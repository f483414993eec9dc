import type { FileProgress } from "../../contract/index.ts";
import { packError, unpackError, type PackedError } from "./packed-error.ts";

/** The progress of a file in the form in which it is sent to another process. */
export interface PackedProgress extends Omit<FileProgress, "over"> {
  readonly over: "full" | PackedError | undefined;
}

export function packProgress({ over, ...progress }: FileProgress): PackedProgress {
  return { ...progress, over: typeof over === "object" ? packError(over) : over };
}

export function unpackProgress({ over, ...progress }: PackedProgress): FileProgress {
  return { ...progress, over: typeof over === "object" ? unpackError(over) : over };
}
