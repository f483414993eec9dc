import { isIP } from "node:net";
import { localDomains, localNetworks } from "./local-names.ts";
import * as x509 from "./x509.ts";

// RFC 5280 section 4.2.1.10:
//   NameConstraints ::= SEQUENCE { permittedSubtrees [0] SEQUENCE OF GeneralSubtree, … }
//   GeneralSubtree  ::= SEQUENCE { base GeneralName, … }
const OID = "2.5.29.30";
const SEQUENCE = 0x30;
const PERMITTED = 0xa0;
const DNS = 0x82;
const ADDRESS = 0x87;

/**
 * The names for which the local CA may sign. They never change, since a CA is trusted once. A thief of its key can impersonate machines of the
 * victim's own network, but no server on the Internet.
 */
export function localConstraints(): x509.Extension {
  return permitting([...localDomains.map(domain), ...localNetworks.map(([address, prefix]) => network(address, prefix))]);
}

/**
 * The names for which the public CA may sign: those that were requested so far. Loopback addresses are included, since a kind of name without
 * any constraint would not be limited at all.
 */
export function publicConstraints(names: readonly string[], before?: x509.X509Certificate): x509.Extension {
  const old = before?.getExtension(OID);
  const kept = old === null || old === undefined ? Buffer.concat(loopback) : contentOf(contentOf(Buffer.from(old.value)));
  const added = [...new Set(names.map(baseOf))].map(subtree).filter((tree) => !kept.includes(tree));
  return permitting([kept, ...added]);
}

/** Whether a CA has exactly these constraints. */
export function isConstrainedTo(ca: x509.X509Certificate, constraints: x509.Extension): boolean {
  const extension = ca.getExtension(OID);
  return extension !== null && Buffer.from(extension.value).equals(Buffer.from(constraints.value));
}

function permitting(subtrees: readonly Buffer[]): x509.Extension {
  return new x509.Extension(OID, true, element(SEQUENCE, element(PERMITTED, Buffer.concat([...subtrees]))));
}

function baseOf(name: string): string {
  return name.replace(/^\*\./, "");
}

function subtree(name: string): Buffer {
  return isIP(name) === 0 ? domain(baseOf(name)) : network(name, isIP(name) === 4 ? 32 : 128);
}

/** The constraint for a name and everything below it. */
function domain(name: string): Buffer {
  return element(SEQUENCE, element(DNS, Buffer.from(name, "latin1")));
}

function network(address: string, prefix: number): Buffer {
  const bytes = Buffer.from(new x509.GeneralName("ip", address).rawData).subarray(2);
  const mask = Buffer.from(bytes.map((_, at) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix - at * 8)))));
  return element(SEQUENCE, element(ADDRESS, Buffer.concat([bytes, mask])));
}

const loopback = [domain("localhost"), network("127.0.0.0", 8), network("::1", 128)];

/** Encodes one DER element. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function contentOf(der: Buffer): Buffer {
  const first = der[1] ?? 0;
  return der.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}
