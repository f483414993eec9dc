import type { AdminConfig } from "../../contract/config/admin.ts";
import { SluiceError } from "../../contract/errors/errors.ts";

/** The admin server as `--admin` turns it on: at its usual address, or at the given one. @throws SLUICE_USAGE */
export function adminOf(given: unknown): { readonly admin?: AdminConfig } {
  if (typeof given !== "string") return {};
  if (given === "") return { admin: {} };
  const listen = /^[a-z]+:\/\//i.test(given) ? given : `tcp://${given}`;
  if (!/^(tcp:\/\/.*\d|unix:\/\/.+)$/i.test(listen))
    throw usage(`expected host:port, tcp://host:port or unix:///path, got ${JSON.stringify(given)}`);
  return { admin: { listen } };
}

/** Checks the address before the config is loaded, so that it is not blamed on the config. @throws SLUICE_USAGE */
export async function checkAdmin({ listen }: AdminConfig): Promise<void> {
  if (listen === undefined) return;
  // Imported here, since most commands need none of it.
  const { transports } = await import("../../net/transports/table.ts");
  const { parseListen } = await import("../../contract/config/listen-address.ts");
  try {
    parseListen(listen, transports);
  } catch (error) {
    throw SluiceError.is(error) ? usage(error.detail, error) : error;
  }
}

function usage(detail: string, cause?: unknown): SluiceError {
  return new SluiceError("SLUICE_USAGE", `--admin: ${detail}`, { cause });
}
