import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { socketPath } from "../../contract/addresses/endpoint.ts";
import { addressText, SluiceError, type ListenAddress } from "../../contract/index.ts";
import { stream } from "./stream.ts";
import type { Transport } from "./transport.ts";

export const unix: Transport = {
  ...stream,
  scheme: "unix",
  form: "unix:///path",
  space: "unix",
  anonymous: true,
  socketOptions: ["mode", "group"],
  freeAddress: () => `unix://${join(tmpdir(), `sluice-${randomUUID()}`)}`,
  parse: (rest, text) => ({ transport: "unix", host: "", port: 0, path: socketPath(rest, text) }),
  async bind(address, name, options) {
    refuseMissingFolder(address, name);
    return stream.bind(address, name, options);
  },
};

/** For a socket in a folder that does not exist Node reports a missing permission, on every platform. @throws SLUICE_ADDRESS_UNAVAILABLE */
function refuseMissingFolder(address: ListenAddress, name: string): void {
  const folder = dirname(address.path ?? "");
  if (existsSync(folder)) return;
  const detail = `listener "${name}" cannot listen on ${addressText(address)}: there is no folder ${folder}, create it first`;
  throw new SluiceError("SLUICE_ADDRESS_UNAVAILABLE", detail);
}
