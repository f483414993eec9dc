import { z } from "zod";
import type { SaveView } from "../saving/save.ts";
import { saving, type SavingOperation } from "./operation.ts";
import { boundParts, stopParts, targetOf, wantedParts } from "./saving-parts.ts";

/** The limits and the options that a capture accepts, for all ways of asking for it. */
export const captureParts = {
  ...boundParts([1024 ** 3, "1GiB"], "100MiB"),
  /** The meaning is that of `capture({ secrets })` (ADR 0058). */
  secrets: z.boolean().default(false),
};

/** A capture in an answer: its entries are packets. */
export type CaptureView = Omit<SaveView, "entries"> & { readonly packets?: number | undefined };

export function captureView({ entries, ...view }: SaveView): CaptureView {
  return { ...view, packets: entries };
}

/** Operations that write traffic to files which Wireshark can open. */
export const captureOperations: readonly SavingOperation[] = [
  saving({
    name: "start_capture",
    summary:
      "Writes what passes on both legs of a listener's sessions, or of one session, into a pcapng file of `admin.folder`, without a reload: until it is stopped, `for` is over, or it has `size` (100MiB). With `secrets`, TLS that begins from then on is in it as it was, and the secrets that decrypt it. `file` is a name, never a path.",
    method: "POST",
    path: "captures",
    input: z.strictObject({ ...wantedParts, ...captureParts }),
    answer: "Capture",
    async handle(live, { size: limit, for: time, secrets, ...given }) {
      const target = await targetOf(live, given);
      const options = { limit, secrets };
      return captureView((await live.saves.start({ kind: "capture", ...target, for: time, size: limit, options })).view);
    },
  }),
  saving({
    name: "captures",
    summary: "The captures that are written now, and the pcapng files in `admin.folder`.",
    method: "GET",
    path: "captures",
    input: z.strictObject({}),
    answer: "Captures",
    handle: async ({ saves }) => ({ folder: saves.folder.path, captures: (await saves.list("capture")).map(captureView) }),
  }),
  saving({
    name: "stop_capture",
    summary: "Ends a capture and answers when its file is whole, which stays; with `remove` the file goes too.",
    method: "DELETE",
    path: "captures/{name}",
    input: stopParts,
    answer: "Capture",
    handle: async ({ saves }, { name, remove }) =>
      captureView(await (remove ? saves.remove("capture", name) : saves.stop("capture", saves.folder.fileOf(name)))),
  }),
];
