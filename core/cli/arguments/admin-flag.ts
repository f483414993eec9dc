import type { AdminConfig } from "../../contract/config/admin.ts";
import { socketPath } from "../../contract/addresses/endpoint.ts";
import { SluiceError } from "../../contract/errors/errors.ts";
import { ipAddress } from "../../net/transports/ip-address.ts";

/** The admin server as `--admin` turns it on: at its usual address, or at the given one. @throws SLUICE_USAGE */
export function adminOf(given: unknown): { readonly admin?: AdminConfig } {
  if (typeof given !== "string") return {};
  return { admin: given === "" ? {} : { listen: listenOf(given) } };
}

function listenOf(text: string): string {
  const [, scheme = "tcp", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(text) ?? [];
  try {
    read(scheme.toLowerCase(), rest, text);
  } catch (error) {
    throw SluiceError.is(error) ? new SluiceError("SLUICE_USAGE", `--admin: ${error.detail}`, { cause: error }) : error;
  }
  return text.includes("://") ? text : `tcp://${text}`;
}

function read(scheme: string, rest: string, text: string): void {
  if (scheme === "unix") socketPath(rest, text);
  // A text without a port is more likely the config, after "--admin=" instead of a blank.
  else if (scheme === "tcp" && /\d$/.test(rest)) ipAddress(scheme, rest, text);
  else throw new SluiceError("SLUICE_USAGE", `expected host:port, tcp://host:port or unix:///path, got ${JSON.stringify(text)}`);
}
