import { SluiceError } from "../../contract/index.ts";

/** Bytes in a test: a text (as UTF-8), a Buffer, or any Uint8Array. */
export type Bytes = string | Uint8Array;

/**
 * The bytes of a value.
 *
 * @param place the function that got the value, for the message: `write(data)`
 * @throws SLUICE_TEST_BYTES
 */
export function bytesOf(value: Bytes, place: string): Buffer {
  const given: unknown = value;
  if (typeof given === "string") return Buffer.from(given);
  if (Buffer.isBuffer(given)) return given;
  if (given instanceof Uint8Array) return Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  throw new SluiceError("SLUICE_TEST_BYTES", `${place}: expected bytes, got ${kindOf(given)}`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? `an object (${value.constructor?.name ?? "without a class"})` : `a ${typeof value}`;
}
