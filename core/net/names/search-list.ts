import type { ResolvConf } from "./resolv-conf.ts";

/** The most characters of a name without its final dot (RFC 1035 section 3.1, in presentation form). */
export const MAX_NAME_LENGTH = 253;

/** Errors of Node after which the next domain is tried: no such name, no such record, a server that failed. */
const goOn: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA", "ESERVFAIL"]);

/**
 * Asks for a name as the C library does (res_nsearch of glibc): as it is, and with the search domains appended. A name with at least `ndots` dots is
 * tried as it is first, any other name as it is last. A dot at its end makes a name absolute.
 *
 * @returns the first answer
 * @throws the failure of the name as it is, if that was tried first; otherwise "no such record" rather than "a server failed", and that rather than
 *   others
 */
export async function searched<T>(
  name: string,
  { search, ndots }: Pick<ResolvConf, "search" | "ndots">,
  ask: (name: string) => Promise<T>,
): Promise<T> {
  if (name.endsWith(".")) return ask(name.slice(0, -1));
  const domains = search.map((domain) => qualified(name, domain)).filter((each) => each.length <= MAX_NAME_LENGTH);
  const isFirst = name.split(".").length - 1 >= ndots;
  const failures: unknown[] = [];
  let isOver = false;
  for (const each of new Set(isFirst ? [name, ...domains] : [...domains, name])) {
    if (isOver && each !== name) continue;
    // In sequence, as the first answer counts.
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const answer = await tried(ask, each, failures);
    if (answer !== undefined) return answer.is;
    // After a server that did not answer, only the name as it is may still be tried.
    if (each !== name) isOver = !goOn.has(codeOf(failures.at(-1)));
  }
  throw isFirst ? failures[0] : worst(failures);
}

async function tried<T>(ask: (name: string) => Promise<T>, name: string, failures: unknown[]): Promise<{ readonly is: T } | undefined> {
  try {
    return { is: await ask(name) };
  } catch (error) {
    failures.push(error);
    return undefined;
  }
}

/** A domain may be the root. */
function qualified(name: string, domain: string): string {
  const plain = domain.replace(/^\.+|\.+$/g, "");
  return plain === "" ? name : `${name}.${plain}`;
}

function worst(failures: readonly unknown[]): unknown {
  const of = (code: string): unknown => failures.find((error) => codeOf(error) === code);
  return of("ENODATA") ?? of("ESERVFAIL") ?? failures.at(-1);
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
