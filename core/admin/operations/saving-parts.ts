import { z } from "zod";
import { SluiceError, type PluginUse } from "../../contract/index.ts";
import { duration, size } from "../../contract/options/units.ts";
import type { WantedSave } from "../saving/saves.ts";
import type { Live } from "./live.ts";

/** What of the input of a call says whose traffic goes into which file of `admin.folder`. */
export const wantedParts = {
  listener: z.string().optional(),
  session: z.coerce.number().int().min(1).optional(),
  file: z.string().optional(),
  name: z.string().optional(),
};

/** How long it goes on, and how large it may become. @param most the largest, in bytes and as a text */
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

/** Of the call that ends one. */
export const stopParts = z.strictObject({ name: z.string(), remove: z.boolean().default(false) });

/** Why it is refused with several workers. @param doing what one would do */
export const whyOneProcess = (doing: string): string =>
  `of several workers each sees a part of the sessions only: start with \`workers: 1\` to ${doing}`;

/** A plugin that writes, by the name that everybody imports it by: the core knows none of them. */
export async function builtInUse(plugin: "capture" | "record", options: object): Promise<PluginUse> {
  const plugins = (await import(import.meta.resolve("sluice/plugins"))) as Record<typeof plugin, (given: object) => PluginUse>;
  return plugins[plugin](options);
}

interface Given {
  readonly listener?: string | undefined;
  readonly session?: number | undefined;
  readonly file?: string | undefined;
  readonly name?: string | undefined;
}

/** A session has one listener, which need not be named beside it; `name` is another word for `file`. @throws SLUICE_ADMIN_REQUEST, SLUICE_ADMIN_UNKNOWN */
export function targetOf({ sessions }: Pick<Live, "sessions">, given: Given): Pick<WantedSave, "listener" | "session" | "name"> {
  const { session, file, name } = given;
  if (file !== undefined && name !== undefined)
    throw new SluiceError("SLUICE_ADMIN_REQUEST", "file: expected one of file and name, which are the same");
  const own = session === undefined ? undefined : sessions.open(session).listener;
  const listener = given.listener ?? own;
  if (listener === undefined) throw new SluiceError("SLUICE_ADMIN_REQUEST", "expected a listener, or the id of a session");
  if (own !== undefined && own !== listener)
    throw new SluiceError("SLUICE_ADMIN_REQUEST", `session: expected one of listener ${listener}, got ${session}, which is one of ${own}`);
  return { listener, session, name: file ?? name };
}
