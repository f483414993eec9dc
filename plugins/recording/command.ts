import path from "node:path";
import { reasonOf, SluiceError } from "sluice";
import { hexDifference } from "./replay/hex-difference.ts";
import { fileText } from "./format/file-text.ts";
import type { Recording } from "./format/recording.ts";

export { playClient, type Peer } from "./replay/play-client.ts";
export { hexDifference };

/** Reads a recording. @throws SLUICE_RECORDING_INVALID with its place in the file */
export async function recordingIn(file: string): Promise<Recording> {
  const where = path.resolve(file);
  const text = await fileText(where).catch((error: unknown) => {
    throw new SluiceError("SLUICE_RECORDING_INVALID", `it cannot be read: ${reasonOf(error)}`, { where });
  });
  // Loaded only here: the package yaml, which few users need, would cost every start 0.1 s of CPU.
  const { readRecording } = await import("./format/read-recording.ts");
  return readRecording(text, where);
}
