import path from "node:path";
import type { CaptureView } from "../../admin/operations/capture-operations.ts";
import { SluiceError } from "../../contract/index.ts";
import { askControl } from "../../net/control/ask-control.ts";
import { followControl } from "../../net/control/follow-control.ts";
import { valueOf } from "../arguments/as-typed.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import { untilStopped } from "../watch/until-stopped.ts";

/** The longest wait for the proxy's answer: it completes the file first. */
const stopTimeoutMs = 10_000;

/**
 * `sluice capture LISTENER -o FILE`: writes the traffic of a listener into a file for Wireshark, until Ctrl-C, `--for`, `--size`, or the end of the
 * proxy.
 *
 * @returns 0, or 1 when the file could not be written completely
 * @throws SLUICE_USAGE, SLUICE_NOT_RUNNING, SLUICE_ADMIN_UNKNOWN, SLUICE_ADMIN_CONFLICT, SLUICE_FILE_UNWRITABLE
 */
export async function capture({ config, raw, json }: CommandOptions, output: Terminal): Promise<number> {
  const input = inputOf(raw);
  const running = path.resolve(config);
  const stopped = untilStopped();
  const begun = (): void => {
    if (!json) output.line(output.colors.dim(`capturing ${input.listener} into ${input.file}; Ctrl-C ends this, not the proxy`));
  };
  let last: CaptureView | undefined;
  for await (const view of followControl(running, { command: "capture_to_file", input, begun }, stopped)) last = view as CaptureView;
  const view = stopped.aborted ? await stop(running, input.file, last) : last;
  if (json) output.line(JSON.stringify(view ?? {}, undefined, 2));
  else for (const line of linesOf(view, input.file, output)) output.line(line);
  return view?.reason === "failed" ? 1 : 0;
}

/** @throws SLUICE_USAGE */
function inputOf({ words, options }: CommandOptions["raw"]): { readonly listener: string; readonly file: string } {
  const [listener = ""] = words;
  const { output, for: time, size, secrets } = options;
  if (typeof output !== "string") throw new SluiceError("SLUICE_USAGE", "expected sluice capture LISTENER -o FILE: name the file to write");
  return {
    listener,
    file: path.resolve(output),
    ...(time === undefined ? {} : { for: typed(time) }),
    ...(size === undefined ? {} : { size: typed(size) }),
    ...(secrets === true ? { secrets } : {}),
  };
}

function typed(value: unknown): unknown {
  return typeof value === "string" ? valueOf(value) : value;
}

/** Waits until the file is complete. Closing the connection has already ended the capture. */
async function stop(running: string, file: string, last: CaptureView | undefined): Promise<CaptureView | undefined> {
  try {
    return (await askControl(running, "stop_capture_to_file", stopTimeoutMs, { file })) as CaptureView;
  } catch (error) {
    // The proxy ended at the same time and has completed the file, or Ctrl-C came before the capture began.
    if (SluiceError.is(error) && (error.code === "SLUICE_NOT_RUNNING" || error.code === "SLUICE_ADMIN_UNKNOWN")) return last;
    throw error;
  }
}

const why: Readonly<Record<string, string>> = {
  time: "the time of --for is over",
  full: "it has the size of --size",
  closed: "the proxy has ended",
};

function linesOf(view: CaptureView | undefined, file: string, { colors }: Terminal): string[] {
  if (view === undefined) return [colors.yellow(`nothing was captured into ${file}`)];
  const { packets = 0, bytes, lost = 0, reason, message } = view;
  const ended = view.state === "ended" ? why[reason ?? ""] : why["closed"];
  const done = `${colors.green("captured")} ${counted(packets, "packet")}, ${counted(bytes, "byte")}, in ${file}`;
  return [
    ended === undefined ? done : `${done}: ${ended}`,
    ...(lost > 0 ? [colors.yellow(`${counted(lost, "packet")} are missing: the disk was too slow`)] : []),
    ...(message === undefined ? [] : [`${colors.red("it ended early:")} ${message}`]),
  ];
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}
