import { unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { addressText, socketAddress, type ListenAddress, type SocketAddress } from "../../contract/index.ts";
import { bindError } from "../os-errors.ts";
import { isStale } from "./stream-listener.ts";
import { withoutAccess } from "./unix-access.ts";

/**
 * Binds an HTTP server of the core's own, which no pipeline stands before. A unix socket is for this user alone; one that a killed process
 * left behind is replaced.
 *
 * @param subject whose server it is, for messages
 * @returns what is really bound
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
  // Out of descriptors while accepting is no reason to die.
  server.on("error", () => undefined);
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
