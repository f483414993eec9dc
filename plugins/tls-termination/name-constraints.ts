import * as x509 from "@peculiar/x509";
import { isIP } from "node:net";

// RFC 5280 section 4.2.1.10:
//   NameConstraints ::= SEQUENCE { permittedSubtrees [0] SEQUENCE OF GeneralSubtree, … }
//   GeneralSubtree  ::= SEQUENCE { base GeneralName, … }
const OID = "2.5.29.30";
const SEQUENCE = 0x30;
const PERMITTED = 0xa0;
const DNS = 0x82;
const ADDRESS = 0x87;

/**
 * The names that a local CA may sign for: this machine's own, and those it has been asked for so far. Whoever steals its key can
 * pose as these, and as nobody else.
 */
export function nameConstraints(names: readonly string[], before?: x509.X509Certificate): x509.Extension {
  const old = before?.getExtension(OID);
  const kept = old === null || old === undefined ? Buffer.concat([...loopback]) : subtreesOf(Buffer.from(old.value));
  const bases = new Set(names.map((name) => name.replace(/^\*\./, "")));
  const added = [...bases].map(subtree).filter((tree) => !kept.includes(tree));
  const value = element(SEQUENCE, element(PERMITTED, Buffer.concat([kept, ...added])));
  return new x509.Extension(OID, true, value);
}

/** Whether a CA may sign for all of these names. */
export function permits(ca: x509.X509Certificate, names: readonly string[]): boolean {
  const extension = ca.getExtension(OID);
  if (extension === null) return true;
  const value = Buffer.from(extension.value);
  return names.every((name) => value.includes(subtree(name)));
}

function subtree(name: string): Buffer {
  if (name === "127.0.0.1") return network("127.0.0.0", 8);
  if (isIP(name) !== 0) return network(name, isIP(name) === 4 ? 32 : 128);
  // A constraint covers the name and everything below it.
  return element(SEQUENCE, element(DNS, Buffer.from(name.replace(/^\*\./, ""), "latin1")));
}

function network(address: string, prefix: number): Buffer {
  const bytes = Buffer.from(new x509.GeneralName("ip", address).rawData).subarray(2);
  const mask = Buffer.alloc(bytes.length).fill(0xff, 0, prefix / 8);
  return element(SEQUENCE, element(ADDRESS, Buffer.concat([bytes, mask])));
}

const loopback = ["localhost", "127.0.0.1", "::1"].map(subtree);

/** One DER element. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** What {@link nameConstraints} has put into the two outer elements. */
function subtreesOf(value: Buffer): Buffer {
  return contentOf(contentOf(value));
}

function contentOf(der: Buffer): Buffer {
  const first = der[1] ?? 0;
  return der.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}
