import { z } from "zod";
import { SluiceError } from "../../contract/index.ts";
import { duration, size } from "../../contract/options/units.ts";
import type { WantedSave } from "../saving/saves.ts";
import type { SavableProxy } from "./operation.ts";

/** The parts of a call's input that select the traffic, and the file in `admin.folder`. */
export const wantedParts = {
  listener: z.string().optional(),
  session: z.coerce.number().int().min(1).optional(),
  file: z.string().optional(),
  name: z.string().optional(),
};

/** The parts of a call's input that limit the time and the size. @param most the largest size, in bytes and as a text */
export function boundParts(
  most: readonly [number, string],
  usual: string,
): { size: z.ZodType<number>; for: z.ZodType<number | undefined> } {
  const [bytes, text] = most;
  return {
    size: size()
      .refine((given) => given >= 1024 && given <= bytes, { error: `expected 1KiB to ${text}` })
      .prefault(usual),
    for: duration({ zero: false }).optional(),
  };
}

/** The input of a call that ends a capture or a recording. */
export const stopParts = z.strictObject({ name: z.string(), remove: z.boolean().default(false) });

interface Given {
  readonly listener?: string | undefined;
  readonly session?: number | undefined;
  readonly file?: string | undefined;
  readonly name?: string | undefined;
}

/**
 * The listener, session and file of a call. With a session the listener may be left out; `name` is another word for `file`.
 *
 * @throws SLUICE_ADMIN_REQUEST, SLUICE_ADMIN_UNKNOWN
 */
export async function targetOf(live: SavableProxy, given: Given): Promise<Pick<WantedSave, "listener" | "session" | "name">> {
  const { session, file, name } = given;
  if (file !== undefined && name !== undefined)
    throw new SluiceError("SLUICE_ADMIN_REQUEST", "file: expected one of file and name, which are the same");
  const own = session === undefined ? undefined : await live.listenerOf(session);
  const listener = given.listener ?? own;
  if (listener === undefined) throw new SluiceError("SLUICE_ADMIN_REQUEST", "expected a listener, or the id of a session");
  if (own !== undefined && own !== listener)
    throw new SluiceError("SLUICE_ADMIN_REQUEST", `session: expected one of listener ${listener}, got ${session}, which is one of ${own}`);
  return { listener, session, name: file ?? name };
}
