import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidCertificate } from "./invalid-certificate.ts";

/** PEM text and where it came from, for messages. */
export interface PemSource {
  readonly text: string;
  /** The file's path, or the option's name for PEM text given there. */
  readonly where: string;
  /** Whether others than the owner may read the file. */
  readonly exposed: boolean;
}

/** Whether an option holds PEM itself, and not a path. */
export function isPem(value: string): boolean {
  return value.includes("-----BEGIN ");
}

/** The file that an option names. */
export function pemPath(value: string, folder: string): string {
  return resolve(folder, value);
}

/**
 * Reads PEM given as text or path.
 * @throws SLUICE_CERTIFICATE_INVALID when the file cannot be read or holds no PEM
 */
export async function readPem(value: string, folder: string, option: string): Promise<PemSource> {
  if (isPem(value)) return { text: value, where: option, exposed: false };
  const where = pemPath(value, folder);
  try {
    const [text, { mode }] = await Promise.all([readFile(where, "utf8"), stat(where)]);
    if (isPem(text)) return { text, where, exposed: (mode & 0o077) !== 0 };
  } catch (error) {
    throw invalidCertificate(where, `cannot read the ${option}`, error);
  }
  throw invalidCertificate(where, `the ${option} holds no PEM ("-----BEGIN …")`);
}
