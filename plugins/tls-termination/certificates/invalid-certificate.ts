import { reasonOf, SluiceError } from "sluice";

/** The error of certificate material that cannot be used: it names the file, or the option that has the PEM text. */
export function invalidCertificate(where: string, reason: string, cause?: unknown): SluiceError {
  const detail = cause === undefined ? reason : `${reason}: ${reasonOf(cause)}`;
  return new SluiceError("SLUICE_CERTIFICATE_INVALID", detail, cause === undefined ? { where } : { where, cause });
}
