import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";

/** An address of this machine, with the name of its interface. */
export type InterfaceAddress = NetworkInterfaceInfo & { readonly name: string };

/**
 * The addresses of this machine.
 *
 * @returns the reason, if the system does not tell them: to a process without a free descriptor, or one that may not ask the kernel
 *   (`RestrictAddressFamilies=` of systemd without AF_NETLINK, Android), Node throws (uv_interface_addresses)
 */
export function interfaceAddresses(): readonly InterfaceAddress[] | Error {
  try {
    return Object.entries(networkInterfaces()).flatMap(([name, all = []]) => all.map((each) => ({ name, ...each })));
  } catch (error) {
    return error as Error;
  }
}
