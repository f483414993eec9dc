import { SluiceError, duration, size, type Duration, type Size } from "../../contract/index.ts";

const durations = duration();
const sizes = size();

/**
 * Milliseconds of a duration.
 *
 * @param place the function that got the value, for the message
 * @throws SLUICE_TEST_INVALID
 */
export function millisecondsOf(value: Duration, place: string): number {
  return read(durations, value, place);
}

/** Bytes of a size, as {@link millisecondsOf} reads a duration. @throws SLUICE_TEST_INVALID */
export function bytesOfSize(value: Size, place: string): number {
  return read(sizes, value, place);
}

function read(schema: typeof durations, value: Duration | Size, place: string): number {
  const given = schema.safeParse(value);
  if (given.success) return given.data;
  throw new SluiceError("SLUICE_TEST_INVALID", `${place}: ${given.error.issues.map(({ message }) => message).join("; ")}`);
}
