import type { Logger, ProxyEvent } from "../contract/index.ts";
import type { LiveConfig } from "../runtime/live-config.ts";
import { errorReport, onOneLine, showError } from "./show-error.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

/**
 * Tells of a running proxy: on standard output one line per listener and `ready`, then one line per reload, which scripts wait for;
 * the proxy logs the rest itself.
 */
export function announce(live: LiveConfig, output: Terminal, logger: Logger): void {
  const { colors } = output;
  for (const { name, url } of Object.values(live.proxy.listeners)) output.line(`${colors.bold(name)} ${colors.cyan(url)}`);
  output.line(colors.green("ready"));
  live.proxy.lifecycle.subscribe((event) => {
    tell(event, output, logger);
  });
}

function tell(event: ProxyEvent, output: Terminal, logger: Logger): void {
  const { colors } = output;
  if (event.type === "reloaded") output.line(`${colors.green("reloaded")} generation ${event.generation}`);
  else if (event.type === "refused") {
    output.line(`${colors.red("refused:")} ${onOneLine(event.error.message)}`);
    tellDetails(event.error, logger);
  }
}

/** A reader at a terminal sees the excerpt of the source; a log stays one JSON object per line. */
function tellDetails(error: Error, logger: Logger): void {
  const terminal = createTerminal(process.stderr);
  if (terminal.interactive) showError(error, terminal);
  else logger.error(errorReport(error), "reload refused");
}
