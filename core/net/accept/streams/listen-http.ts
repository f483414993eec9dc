import { unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { addressText, socketAddress, type ListenAddress, type SocketAddress } from "../../../contract/index.ts";
import { bindError } from "../../os-errors.ts";
import { isStale } from "./stream-listener.ts";
import { withoutAccess } from "./unix-access.ts";

/**
 * Binds an HTTP server of the core itself, which has no pipeline. Only this user may connect to a unix socket; a socket file that a killed process
 * left behind is replaced.
 *
 * @param subject the server's name in messages
 * @returns the address that is bound in fact
 * @throws SLUICE_ADDRESS_IN_USE, SLUICE_ADDRESS_FORBIDDEN, SLUICE_ADDRESS_UNAVAILABLE
 */
export async function listenHttp(server: Server, address: ListenAddress, subject: string): Promise<SocketAddress> {
  try {
    await listen(server, address).catch(async (error: unknown) => {
      if (address.path === undefined || !(await isStale(address.path))) throw error;
      unlinkSync(address.path);
      await listen(server, address);
    });
  } catch (error) {
    throw bindError(error, `${subject} cannot listen on ${addressText(address)}`);
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string") return socketAddress(address.path ?? "", 0, "unix");
  return socketAddress(bound.address, bound.port, bound.family === "IPv6" ? "IPv6" : "IPv4");
}

function listen(server: Server, { host, port, path }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const listening = (): void => {
      server.off("error", reject);
      resolve();
    };
    if (path === undefined) server.listen({ host, port }, listening);
    else withoutAccess(() => server.listen({ path }, listening));
  });
}
