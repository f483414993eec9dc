import { SluiceError } from "sluice";
import { knownFields } from "./known-fields.ts";
import { decimal } from "./message-head.ts";

/** The body after a header: a number of bytes (0: no body), chunks, or everything up to the end of the connection. */
export type BodyFraming = number | "chunked" | "until-end";

/** The content-length of a response. @throws TypeError when it may not be sent */
export function lengthOf(fields: readonly string[]): number | undefined {
  let length: string | undefined;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (!isNamed(fields[at], "content-length")) continue;
    const value = fields[at + 1] ?? "";
    if (length !== undefined || !decimal.test(value)) throw new TypeError("content-length is not a single number");
    length = value;
  }
  return length === undefined ? undefined : Number(length);
}

/** The fields without those of one name. */
export function without(fields: readonly string[], name: string): string[] {
  return fields.filter((_, at) => !isNamed(fields[at - (at % 2)], name));
}

/** Whether a field has a name. @param name in lower case */
export function isNamed(field: string | undefined, name: string): boolean {
  return field?.length === name.length && (knownFields.get(field)?.name ?? field.toLowerCase()) === name;
}

/** Compares a body with its declared length: a hook may have declared too much or too little. */
export class BodyLength {
  constructor(private left: number | undefined) {}

  get isComplete(): boolean {
    return this.left === 0;
  }

  /** @returns the error for a part that is too much; undefined when the part belongs to the body */
  take(bytes: number): SluiceError | undefined {
    if (this.left === undefined) return undefined;
    this.left -= bytes;
    return this.left >= 0 ? undefined : mismatch("longer");
  }

  /** @returns the error when the body is too short; undefined when it is complete */
  end(): SluiceError | undefined {
    return this.left === undefined || this.isComplete ? undefined : mismatch("shorter");
  }
}

function mismatch(how: "longer" | "shorter"): SluiceError {
  return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the body of the response is ${how} than its content-length`);
}

/** The message for a body of a request that is too long. @param most the most bytes */
export function tooLarge(most: number): string {
  return `the body has more than ${most} bytes`;
}
