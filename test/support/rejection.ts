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
