import type { HttpHeaders, Session } from "sluice";
import { BlockList, isIP, isIPv6 } from "node:net";
import { first } from "./header-fields.ts";

/** Also X_Forwarded_For: CGI and WSGI make the same variable of it. */
const owned = /^(x[-_]forwarded[-_].*|x[-_]real[-_]ip|forwarded)$/;

/** What a client may say of whom it speaks for: nothing, unless it is a proxy that the config trusts. */
export class Forwarded {
  readonly #trusted = new BlockList();

  constructor(trusted: readonly string[]) {
    for (const each of trusted) {
      const [address = "", prefix] = each.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(prefix), family);
    }
  }

  /** Whether what the client says of others is believed. */
  trusts({ client }: Pick<Session, "client">): boolean {
    if (isIP(client.address) === 0) return false;
    return this.#trusted.check(client.address, isIPv6(client.address) ? "ipv6" : "ipv4");
  }

  /** Sets X-Forwarded-For, -Host, -Proto, -Port and Forwarded; of a trusted peer's, For and Forwarded are added to, the others kept. */
  set(headers: HttpHeaders, session: Session, scheme: string): void {
    if (!this.trusts(session)) disown(headers);
    const address = session.client.address === "" ? "unknown" : session.client.address;
    const host = first(headers, "host") ?? "";
    const node = isIPv6(address) ? `"[${address}]"` : address;
    headers["x-forwarded-for"] = joined(headers["x-forwarded-for"], address);
    headers["forwarded"] = joined(headers["forwarded"], `for=${node};host="${host}";proto=${scheme}`);
    headers["x-forwarded-host"] ??= host;
    headers["x-forwarded-proto"] ??= scheme;
    headers["x-forwarded-port"] ??= String(session.local.port);
  }
}

function disown(headers: HttpHeaders): void {
  for (const name of Object.keys(headers)) if (owned.test(name)) delete headers[name];
}

function joined(before: string | string[] | undefined, element: string): string {
  return before === undefined ? element : [before, element].flat().join(", ");
}
