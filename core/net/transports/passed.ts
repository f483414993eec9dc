import { SluiceError } from "../../contract/index.ts";
import { PassedListener } from "../accept/passed-listener.ts";
import type { Transport } from "./transport.ts";

/** A transport whose socket systemd has bound, and that is like another in all else. */
export function passed(scheme: string, like: Transport): Transport {
  return {
    ...like,
    scheme,
    form: `${scheme}://NAME`,
    space: "fd",
    parse: (rest, text) => ({ transport: like.scheme, scheme, host: "", port: 0, path: socketName(rest, text) }),
    bind: ({ path = "" }, name) => PassedListener.take(path, name),
  };
}

/** What systemd takes for `FileDescriptorName=`: it stands between colons. */
function socketName(rest: string, text: string): string {
  if (/^[!-9;-~]{1,255}$/.test(rest) && !rest.includes("/")) return rest;
  const rule = 'the name of a socket as in FileDescriptorName=, without ":" and "/"';
  throw new SluiceError("SLUICE_CONFIG_INVALID", `expected ${rule}, got ${JSON.stringify(text)}`);
}
