import { SluiceError } from "../../contract/index.ts";
import { PassedListener } from "../accept/streams/passed-listener.ts";
import type { Transport } from "./transport.ts";

/** A transport whose socket systemd has bound. In everything else it is like another transport. */
export function passed(scheme: string, like: Transport): Transport {
  return {
    ...like,
    scheme,
    form: `${scheme}://NAME`,
    space: "fd",
    freeAddress: undefined,
    parse: (rest, text) => ({ transport: like.scheme, scheme, host: "", port: 0, path: socketName(rest, text) }),
    bind: ({ path = "" }, name) => PassedListener.take(path, name),
  };
}

/** A name that systemd accepts for `FileDescriptorName=`. It has no colons, since systemd separates the names with them. */
function socketName(rest: string, text: string): string {
  if (/^[!-9;-~]{1,255}$/.test(rest) && !rest.includes("/")) return rest;
  const rule = 'the name of a socket as in FileDescriptorName=, without ":" and "/"';
  throw new SluiceError("SLUICE_CONFIG_INVALID", `expected ${rule}, got ${JSON.stringify(text)}`);
}
