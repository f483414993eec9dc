import { z } from "zod";
import type { SaveView } from "../saving/save.ts";
import { saving, type SavingOperation } from "./operation.ts";
import { boundParts, stopParts, targetOf, wantedParts } from "./saving-parts.ts";

/** The limits of a recording. They are lower than those of a capture, as a recording is also kept in memory. */
const bounds = boundParts([64 * 1024 ** 2, "64MiB"], "16MiB");

/** A recording in an answer: its entries are sessions. */
type RecordingView = Omit<SaveView, "entries"> & { readonly sessions?: number | undefined };

function recordingView({ entries, ...view }: SaveView): RecordingView {
  return { ...view, sessions: entries };
}

/** Operations that write traffic to files which people read and edit, and from which `replay()` answers. */
export const recordingOperations: readonly SavingOperation[] = [
  saving({
    name: "record",
    summary:
      "Records what the sessions of a listener, or one session, and their upstream say to each other into a YAML file of `admin.folder`, without a reload: until it is stopped, `for` is over, or it has `size` (16MiB). What looks like a password is not recorded, nor the fields named in `redact`. `file` is a name, never a path.",
    method: "POST",
    path: "recordings",
    input: z.strictObject({
      ...wantedParts,
      ...bounds,
      redact: z.array(z.string().min(1)).max(100).default([]),
    }),
    answer: "Recording",
    async handle(live, { size: limit, for: time, redact, ...given }) {
      const target = await targetOf(live, given);
      const options = { mode: "all", redact, limits: { size: limit } };
      return recordingView((await live.saves.start({ kind: "recording", ...target, for: time, size: limit, options })).view);
    },
  }),
  saving({
    name: "recordings",
    summary: "The recordings that are written now, and the YAML files in `admin.folder`.",
    method: "GET",
    path: "recordings",
    input: z.strictObject({}),
    answer: "Recordings",
    handle: async ({ saves }) => ({ folder: saves.folder.path, recordings: (await saves.list("recording")).map(recordingView) }),
  }),
  saving({
    name: "stop_recording",
    summary:
      "Ends a recording and answers when its file is whole, with what open sessions have said so far; the file stays, unless `remove` says otherwise.",
    method: "DELETE",
    path: "recordings/{name}",
    input: stopParts,
    answer: "Recording",
    handle: async ({ saves }, { name, remove }) =>
      recordingView(await (remove ? saves.remove("recording", name) : saves.stop("recording", saves.folder.fileOf(name)))),
  }),
];
