import { z } from "zod";
import { SluiceError } from "../../contract/index.ts";
import type { WantedSave } from "../saving/saves.ts";
import type { Live } from "./live.ts";

/** What of the input of a call says whose traffic goes into which file of `admin.folder`. */
export const wantedParts = {
  listener: z.string().optional(),
  session: z.coerce.number().int().min(1).optional(),
  file: z.string().optional(),
  name: z.string().optional(),
};

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
