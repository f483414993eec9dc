import path from "node:path";
import { SluiceError } from "../../contract/index.ts";
import { askControl } from "../../net/control/ask-control.ts";
import { followControl } from "../../net/control/follow-control.ts";
import type { ProxyStatus } from "../../runtime/proxy/proxy-status.ts";
import type { ProxyRates } from "../../admin/events/rates.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { upstreamLines } from "../output/upstreams.ts";
import type { Terminal } from "../output/terminal.ts";
import { durationText, timeText } from "../output/units.ts";
import { overridesText } from "../output/behind-text.ts";
import type { WatchEvent } from "../watch/events.ts";
import { ratesLines, ratesTable } from "../watch/rates-table.ts";
import { Screen } from "../watch/screen.ts";
import { untilStopped } from "../watch/until-stopped.ts";

const timeoutMs = 10_000;

/**
 * `sluice status --watch`: shows every second what the running proxy carries: on a terminal one table that is updated, elsewhere lines.
 * Ends on Ctrl-C, and with the proxy.
 *
 * @throws SLUICE_NOT_RUNNING
 */
export async function watchStatus({ config, json }: CommandOptions, output: Terminal): Promise<number> {
  const file = path.resolve(config);
  const stopped = untilStopped();
  const screen = output.canMove && !json ? new Screen(process.stdout) : undefined;
  if (screen !== undefined) followTerminal(screen);
  const show = async (rates: ProxyRates): Promise<void> => {
    if (screen !== undefined) await draw(screen, file, rates, output);
    else for (const line of json ? [JSON.stringify(rates)] : ratesLines(timeText(rates.at), rates.listeners)) output.line(line);
  };
  try {
    for await (const value of followControl(file, { command: "events", input: { topics: "rates" } }, stopped)) {
      const { type, data } = value as WatchEvent;
      if (type === "rates") await show(data);
    }
  } finally {
    screen?.close();
  }
  if (!stopped.aborted && !json) output.line(output.colors.yellow("the proxy has ended"));
  return 0;
}

/** Draws again when the terminal has another size, and gives it back while the command is stopped by Ctrl-Z. */
function followTerminal(screen: Screen): void {
  process.stdout.on("resize", () => screen.redraw());
  process.on("SIGTSTP", () => {
    screen.suspend();
    process.kill(process.pid, "SIGSTOP");
  });
  process.on("SIGCONT", () => screen.redraw());
}

async function draw(screen: Screen, file: string, rates: ProxyRates, output: Terminal): Promise<void> {
  const status = await statusNow(file);
  if (status === undefined) return;
  const { colors } = output;
  const { generation, startedAt, pid, memory, upstreams, overrides } = status;
  const facts = `up ${durationText(Date.now() - startedAt)}, pid ${pid}, ${Math.round(memory / 1024 ** 2)} MiB of memory`;
  screen.draw([
    `generation ${generation}${overridesText(overrides.length)}, ${facts}`,
    "",
    ...ratesTable(rates.listeners, colors, screen.columns),
    ...(upstreams.length === 0 ? [] : ["", ...upstreamLines(upstreams, colors)]),
    "",
    colors.dim("Ctrl-C ends this, not the proxy"),
  ]);
}

/** Undefined when the proxy is ending, which the next event will tell. */
async function statusNow(file: string): Promise<ProxyStatus | undefined> {
  try {
    return (await askControl(file, "status", timeoutMs)) as ProxyStatus;
  } catch (error) {
    if (SluiceError.is(error)) return undefined;
    throw error;
  }
}
