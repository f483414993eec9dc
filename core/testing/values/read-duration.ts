import { SluiceError, duration, type Duration } from "../../contract/index.ts";

const schema = duration();

/**
 * Milliseconds of a duration.
 *
 * @param place the function that got the value, for the message
 * @throws SLUICE_TEST_INVALID
 */
export function millisecondsOf(value: Duration, place: string): number {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new SluiceError("SLUICE_TEST_INVALID", `${place}: ${read.error.issues.map(({ message }) => message).join("; ")}`);
}
