import { printable, SluiceError } from "../../contract/index.ts";

/** Most bytes of a frame that an error message shows. */
const SHOWN = 32;

/** The error for a frame beyond `max`. */
export function tooLong(what: string, max: number): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_FRAME", `${what} is longer than max: ${max} bytes`);
}

/** The error for something that is not a frame, with its first bytes. */
export function noFrame(what: string, bytes?: Buffer, cause?: unknown): SluiceError {
  const shown = bytes === undefined ? "" : `: ${excerpt(bytes)}`;
  return new SluiceError("SLUICE_PLUGIN_FRAME", `${what}${shown}`, cause === undefined ? {} : { cause });
}

function excerpt(bytes: Buffer): string {
  const head = bytes.subarray(0, SHOWN);
  const text = head.toString("latin1");
  const shown = /^[\t\x20-\x7e\r\n]*$/.test(text) ? JSON.stringify(printable(text)) : head.toString("hex");
  return bytes.length > SHOWN ? `${shown}…` : shown;
}
