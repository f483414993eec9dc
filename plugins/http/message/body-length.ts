import { SluiceError } from "sluice";
import { decimal } from "./message-head.ts";

/** What the content-length of a response says. @throws TypeError where it says nothing that could be sent */
export function lengthOf(fields: readonly string[]): number | undefined {
  let length: string | undefined;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (!isNamed(fields[at], "content-length")) continue;
    const value = fields[at + 1] ?? "";
    if (length !== undefined || !decimal.test(value)) throw new TypeError("content-length is not one number");
    length = value;
  }
  return length === undefined ? undefined : Number(length);
}

/** All but one field. */
export function without(fields: readonly string[], name: string): string[] {
  return fields.filter((_, at) => !isNamed(fields[at - (at % 2)], name));
}

/** Whether a field has a name. @param name in lower case */
export function isNamed(field: string | undefined, name: string): boolean {
  return field !== undefined && field.length === name.length && field.toLowerCase() === name;
}

/** Counts a body against the length that was said of it: a hook may have said more than there is, or less. */
export class BodyLength {
  constructor(private left: number | undefined) {}

  /** @returns why a part is not sent; undefined: it belongs to the body */
  take(bytes: number): SluiceError | undefined {
    if (this.left === undefined) return undefined;
    this.left -= bytes;
    return this.left >= 0 ? undefined : mismatch("longer");
  }

  /** @returns why this is not the end; undefined: it is */
  end(): SluiceError | undefined {
    return this.left === undefined || this.left === 0 ? undefined : mismatch("shorter");
  }
}

function mismatch(how: "longer" | "shorter"): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the body of the response is ${how} than its content-length`);
}

/** Why the body of a request is refused. @param most bytes */
export function tooLarge(most: number): string {
  return `the body has more than ${most} bytes`;
}
