import { SluiceError } from "sluice";

/** The SluiceError that a promise rejects with, or a function throws; what else comes of it fails the test. */
export async function refusalOf(work: Promise<unknown> | (() => unknown)): Promise<SluiceError> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The message of the SLUICE_CONFIG_INVALID that a function throws. */
export function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (SluiceError.is(error) && error.code === "SLUICE_CONFIG_INVALID") return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}
