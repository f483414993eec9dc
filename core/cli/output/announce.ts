import type { Logger, ProxyEvent, SluiceError } from "../../contract/index.ts";
import type { ServingProxy } from "../../runtime/proxy/serving-proxy.ts";
import { behindText, overridesText } from "./behind-text.ts";
import { errorReport, onOneLine, showError, showExcerpt } from "./show-error.ts";
import type { Terminal } from "./terminal.ts";
import { trialText } from "./trial-text.ts";

/** Standard output and standard error. */
export interface Terminals {
  readonly output: Terminal;
  readonly details: Terminal;
}

/**
 * Announces a running proxy: prints one line per listener and `ready` to standard output, then one line per reload. Scripts wait for these lines;
 * the proxy logs everything else itself.
 */
export function announce({ proxy }: { readonly proxy: ServingProxy }, { output, details }: Terminals, logger: Logger): void {
  const { colors } = output;
  for (const { name, url } of Object.values(proxy.listeners)) output.line(`${colors.bold(name)} ${colors.cyan(url)}`);
  const { adminUrl } = proxy;
  if (adminUrl !== undefined) announceAdmin(adminUrl, output);
  output.line(colors.green("ready"));
  proxy.lifecycle.subscribe((event) => {
    tell(event, output, details, logger);
  });
}

/** Prints the address of the admin server's page: at the start, and when a reload turns it on or moves it. */
export function announceAdmin(url: string, output: Terminal): void {
  const { colors } = output;
  output.line(`${colors.bold("admin")} ${colors.cyan(url)}`);
}

function tell(event: ProxyEvent, output: Terminal, details: Terminal, logger: Logger): void {
  const { colors } = output;
  if (event.type === "reloaded")
    output.line(`${colors.green("reloaded")} generation ${event.generation}${overridesText(event.overrides)}${behindText(event.behind)}`);
  else if (event.type === "trial") output.line(`${colors.cyan("trying")} generation ${event.generation} ${trialText(event.trial)}`);
  else if (event.type === "taken-back")
    output.line(`${colors.red("taken back:")} ${onOneLine(`generation ${event.generation}: ${event.reason}`)}${behindText(event.behind)}`);
  else if (event.type === "refused") tellRefusal(event.error, output, details, logger);
}

/**
 * Reports a refused reload: one line on standard output for scripts, and the details on standard error. If both are a terminal, only the excerpt
 * of the source is printed below that line. A log that is not a terminal gets one JSON object.
 */
export function tellRefusal(error: SluiceError, output: Terminal, details: Terminal, logger: Logger): void {
  output.line(`${output.colors.red("refused:")} ${onOneLine(error.message)}`);
  if (!details.interactive) logger.error(errorReport(error), "reload refused");
  else if (output.interactive) showExcerpt(error, details);
  else showError(error, details);
}
