import { SluiceError } from "../../../core/contract/index.ts";

/** The SluiceError that the work ends with; anything else fails the test. */
export async function failureOf(work: () => unknown): Promise<SluiceError> {
  try {
    await work();
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error("expected a SluiceError, but it succeeded");
}
