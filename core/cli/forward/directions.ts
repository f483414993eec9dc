import path from "node:path";
import type { Forward } from "./config-text.ts";

/** Where sessions go, the URLs to try, and with TLS how clients can trust the certificates. @param folder the working directory */
export async function directions({ listen, upstream, flags }: Forward, folder: string): Promise<string[]> {
  // Arguments in the wrong order are both valid: this shows it.
  const to = upstream === undefined ? [] : [`to ${upstream.endpoints.join(", ")}${upstream.isSecure ? " (TLS)" : ""}`];
  const names = flags.get("tls")?.split(",");
  return names === undefined ? to : [...to, ...urls(listen, names), ...(await trustDirections(names, folder))];
}

function urls(listen: string, names: readonly string[]): string[] {
  const port = /:(\d+)$/.exec(listen)?.[1] ?? "0";
  if (port === "0") return [];
  const hosts = names.map((name) => (name.includes(":") ? `[${name}]` : name.replace("*", "www")));
  return [`open ${hosts.map((host) => `https://${host}:${port}/`).join(" or ")}`];
}

async function trustDirections(names: readonly string[], folder: string): Promise<string[]> {
  // Imported by its public name: the CA belongs to the plugin.
  const { authorities } = await import("sluice/plugins");
  const { local, others } = await authorities.filesToTrust(folder, names);
  const isOwn = (file: string): boolean => file.startsWith(folder + path.sep);
  const shown = (file: string): string => (isOwn(file) ? path.relative(folder, file) : file);
  const ofLocal = (file: string): string =>
    isOwn(file)
      ? `trust it once: npx sluice trust, or curl --cacert ${shown(file)}`
      : `its certificate is signed by the CA of this user, ${file}`;
  return [
    ...(local === undefined ? [] : [ofLocal(local)]),
    ...(others === undefined ? [] : [`names that are not local have another CA: curl --cacert ${shown(others)}`]),
  ];
}
