import path from "node:path";
import { z } from "zod";
import { ControlStream } from "../../net/control/control-stream.ts";
import type { Save } from "../saving/save.ts";
import { captureParts, captureView } from "./capture-operations.ts";
import { saving, type SavingOperation } from "./operation.ts";

const file = z.string().refine((given) => path.isAbsolute(given), { error: "expected an absolute path" });

/**
 * Operations that are possible only over the control socket, which only the user of the proxy can open: those that name paths of that user. They are
 * in no table of HTTP, MCP or the documentation.
 */
export const localOperations: readonly SavingOperation[] = [
  saving({
    name: "capture_to_file",
    summary: "Writes a capture to a file anywhere, for as long as whoever asked stays.",
    method: "POST",
    path: "",
    input: z.strictObject({ listener: z.string(), file, ...captureParts }),
    answer: "stream",
    async handle({ saves }, { listener, file: to, for: time, size: limit, secrets }) {
      return following(await saves.start({ kind: "capture", listener, path: to, for: time, size: limit, options: { limit, secrets } }));
    },
  }),
  saving({
    name: "stop_capture_to_file",
    summary: "Ends it, and answers when the file is whole.",
    method: "POST",
    path: "",
    input: z.strictObject({ file }),
    answer: "Capture",
    handle: async ({ saves }, { file: written }) => captureView(await saves.stop("capture", written)),
  }),
];

const TELL_MS = 1_000;

/** Reports each second how far it is, and at the end how it ended. */
function following(save: Save): ControlStream {
  const line = (): string => `${JSON.stringify(captureView(save.view))}\n`;
  const stop = (): void => void save.end("stopped");
  return new ControlStream((to) => {
    const telling = setInterval(() => {
      if (to.writableLength === 0) to.write(line());
    }, TELL_MS).unref();
    void save.ended.then(() => {
      clearInterval(telling);
      if (!to.destroyed) to.end(line());
    });
    return stop;
  }, stop);
}
