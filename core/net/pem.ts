import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { reasonOf, SluiceError } from "../contract/index.ts";

const DAY = 86_400_000;
const NEAR_EXPIRY = 14 * DAY;
const UNREADABLE = "no certificate can be read from it";

/** Certificates or a key that an option contains as text, or as the path of a file. */
export interface Pem {
  readonly text: string;
  /** For messages: the file's path; for text, the option's name. */
  readonly where: string;
  /** It comes from a file that users other than its owner may read. */
  readonly exposed: boolean;
}

/** Whether an option contains the PEM text, and not a path. */
function isPem(given: string): boolean {
  return given.includes("-----BEGIN ");
}

/** The file that an option names. @param folder where relative paths start @returns undefined for PEM given as text */
export function pemFile(given: string, folder: string): string | undefined {
  return isPem(given) ? undefined : resolve(folder, given);
}

/**
 * Reads PEM given as text or path.
 *
 * @param folder where relative paths start
 * @param option its name, for messages
 * @throws SLUICE_CERTIFICATE_INVALID when the file cannot be read or holds no PEM
 */
export function readPem(given: string, folder: string, option: string): Pem {
  const where = pemFile(given, folder);
  if (where === undefined) return { text: onLines(given), where: option, exposed: false };
  let text: string;
  let mode: number;
  try {
    const stats = statSync(where);
    // To read a FIFO would wait for its writer, and a device may have no end: nothing else would be served.
    if (!stats.isFile()) throw new Error("it is no file");
    ({ mode } = stats);
    text = readFileSync(where, "utf8");
  } catch (error) {
    throw invalid(where, `cannot read the ${option}`, error);
  }
  if (!isPem(text)) throw invalid(where, `the ${option} holds no PEM ("-----BEGIN …")`);
  return { text: onLines(text), where, exposed: (mode & 0o077) !== 0 };
}

/** Of files that were joined, one may have had no line break at its end: OpenSSL ignores the certificates on both sides of that place. */
function onLines(text: string): string {
  return text.replaceAll("----------BEGIN ", "-----\n-----BEGIN ");
}

/**
 * Every certificate of a chain or bundle, read as TLS would read it.
 * @throws SLUICE_CERTIFICATE_INVALID when one cannot be read, or there is none
 */
export function certificatesIn({ text, where }: Pem): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = text.split(/(?=-----BEGIN )/).filter((block) => /^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(block));
  const parsed = blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw invalid(where, index === 0 ? UNREADABLE : `certificate ${index + 1} of ${blocks.length} cannot be read`, error);
    }
  });
  const [first, ...others] = parsed;
  if (first === undefined) throw invalid(where, UNREADABLE);
  return [first, ...others];
}

/**
 * Checks that a peer would accept a certificate today. Peers compare with the wall clock, so an injected CLOCK does not matter here.
 *
 * @param warn called for a certificate that ends within 14 days
 * @throws SLUICE_CERTIFICATE_INVALID when it has expired or is not valid yet
 */
export function checkValidity({ validFrom, validTo }: X509Certificate, { where }: Pem, warn: (message: string) => void): void {
  const now = Date.now();
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  const end = new Date(to).toISOString();
  if (now > to) throw invalid(where, `the certificate expired at ${end}`);
  if (now < from) throw invalid(where, `the certificate is not yet valid: it starts at ${new Date(from).toISOString()}`);
  if (to - now < NEAR_EXPIRY) warn(`${where}: the certificate expires in ${Math.floor((to - now) / DAY)} days, at ${end}`);
}

function invalid(where: string, reason: string, cause?: unknown): SluiceError {
  const detail = cause === undefined ? reason : `${reason}: ${reasonOf(cause)}`;
  return new SluiceError("SLUICE_CERTIFICATE_INVALID", detail, cause === undefined ? { where } : { where, cause });
}
