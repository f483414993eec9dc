import { existsSync } from "node:fs";
import path from "node:path";
import type { Forward } from "./config-text.ts";

/** Where sessions go, the URL to try, and with TLS how clients can trust the certificate. @param folder the working directory */
export function directions({ listen, upstream, flags }: Forward, folder: string): string[] {
  // Arguments in the wrong order are both valid: this shows it.
  const to = upstream === undefined ? [] : [`to ${upstream.endpoints.join(", ")}${upstream.isSecure ? " (TLS)" : ""}`];
  return [...to, ...trustDirections(listen, flags, folder)];
}

function trustDirections(listen: string, flags: Forward["flags"], folder: string): string[] {
  const names = flags.get("tls");
  if (names === undefined) return [];
  const port = /:(\d+)$/.exec(listen)?.[1] ?? "";
  const [name = "localhost"] = names.split(",");
  const authority = path.join(folder, ".sluice", "ca.pem");
  const own = existsSync(authority);
  return [
    ...(port === "0" ? [] : [`open https://${name.replace("*", "www")}:${port}/`]),
    own
      ? `trust it once: npx sluice trust, or curl --cacert ${path.relative(folder, authority)}`
      : "its certificate is signed by the CA of this user",
  ];
}
