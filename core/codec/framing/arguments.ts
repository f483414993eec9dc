import { shown } from "../../contract/options/describe-issues.ts";
import { wrongArgument } from "../../contract/options/arguments.ts";

/** Checks that a message is a text. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkText(codec: string, message: unknown): void {
  if (typeof message !== "string") throw wrongArgument(codec, `a message is a text, got ${shown(message)}`);
}

/** Checks that a message is bytes. @throws SLUICE_PLUGIN_ARGUMENT */
export function checkBytes(codec: string, message: unknown): void {
  if (!(message instanceof Uint8Array)) throw wrongArgument(codec, `a message is a Buffer, got ${shown(message)}`);
}
