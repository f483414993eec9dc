import { STATUS_CODES } from "node:http";

/** Characters that a reason must not have (RFC 9112 section 4). */
const unspeakable = /[^\t\u0020-\u007e\u0080-\u00ff]/;
const usual: ReadonlySet<string | undefined> = new Set(Object.values(STATUS_CODES));

/** The reason phrase. The given words are not used if they are the usual words of another status: then a hook has changed the status. */
export function reasonPhrase(status: number, given: string | undefined): string {
  const own = STATUS_CODES[status] ?? "Unknown";
  if (given === undefined || given === own || usual.has(given) || unspeakable.test(given)) return own;
  return given;
}

/** @throws RangeError */
export function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 999) throw new RangeError(`${status} is not the status of a response`);
}
