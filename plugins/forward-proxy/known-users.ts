import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
const nobody = digest("");

/** The users of a forward proxy, with their passwords. */
export class KnownUsers {
  readonly #passwords: ReadonlyMap<string, Buffer>;

  constructor(users: Readonly<Record<string, string>>) {
    this.#passwords = new Map(Object.entries(users).map(([name, password]) => [name, digest(password)]));
  }

  /** Takes the same time for a right password, a wrong password and an unknown name. */
  has(name: string, password: string): boolean {
    const known = this.#passwords.get(name);
    return timingSafeEqual(digest(password), known ?? nobody) && known !== undefined;
  }
}

// RFC 1929 section 2: a length is one byte. RFC 7617 section 2: a name ends at the first colon.
const text = z.string().refine((value) => value !== "" && Buffer.byteLength(value) <= 255, { error: "expected a text of 1 to 255 bytes" });
const name = text.refine((value) => !value.includes(":"), { error: "expected a name without a colon" });

/** The zod schema of `users`; its output checks names and passwords. */
export const knownUsers = (): z.ZodType<KnownUsers, Readonly<Record<string, string>>> =>
  z
    .record(name, text)
    .refine((users) => Object.keys(users).length > 0, { error: "expected at least one user, or no `users` at all" })
    .transform((users) => new KnownUsers(users));
