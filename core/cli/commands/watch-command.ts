import path from "node:path";
import { once } from "node:events";
import { askControl } from "../../net/control/ask-control.ts";
import { followControl } from "../../net/control/follow-control.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import type { WatchEvent } from "../watch/events.ts";
import { SessionLines } from "../watch/session-lines.ts";
import { untilStopped } from "../watch/until-stopped.ts";

const timeoutMs = 10_000;
/** The width of lines when standard output is not a terminal. */
const PLAIN_COLUMNS = 160;

/**
 * `sluice watch [LISTENER]`: shows sessions and their bytes as they pass. Ends on Ctrl-C, and with the proxy. @throws SLUICE_NOT_RUNNING,
 * SLUICE_ADMIN_UNKNOWN
 */
export async function watch({ config, raw, json }: CommandOptions, output: Terminal): Promise<number> {
  const [listener] = raw.words;
  const file = path.resolve(config);
  if (listener !== undefined) await askControl(file, "listener", timeoutMs, { listener });
  const stopped = untilStopped();
  const lines = new SessionLines({ hex: raw.options["hex"] === true, colors: output.colors, columns: () => columnsOf(output) });
  const begun = (): void => {
    if (!json) output.line(output.colors.dim(`watching ${listener ?? "all listeners"}; Ctrl-C ends this, not the proxy`));
  };
  const input = { topics: `sessions,reloads,tap:${listener ?? "*"}` };
  for await (const value of followControl(file, { command: "events", input, begun }, stopped)) {
    const event = value as WatchEvent;
    if (isOfAnother(event, listener)) continue;
    for (const line of json ? [JSON.stringify(event)] : lines.of(event)) output.line(line);
    if (process.stdout.writableNeedDrain) await takenBy(stopped);
  }
  if (!stopped.aborted && !json) output.line(output.colors.yellow("the proxy has ended"));
  return 0;
}

function columnsOf({ interactive }: Terminal): number {
  return interactive && process.stdout.columns > 0 ? process.stdout.columns : PLAIN_COLUMNS;
}

/** Waits until the reader has read the output. Meanwhile events wait in the proxy, which bounds their number. */
async function takenBy(stopped: AbortSignal): Promise<void> {
  await once(process.stdout, "drain", { signal: stopped }).catch(() => undefined);
}

function isOfAnother({ type, data }: WatchEvent, listener: string | undefined): boolean {
  return listener !== undefined && type !== "dropped" && "listener" in data && data.listener !== listener;
}
