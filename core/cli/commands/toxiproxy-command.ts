import { readFileSync } from "node:fs";
import path from "node:path";
import { asSluiceError, reasonOf, SluiceError, type Logger } from "../../contract/index.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import type { Terminal } from "../output/terminal.ts";
import { onStopSignals } from "../process/stop-signals.ts";

/** The part of `sluice/faults` that this command needs; the core itself does not know that package. */
interface Faults {
  readonly serveToxiproxy: (options: {
    readonly port: number;
    readonly host: string;
    readonly populate?: unknown;
    readonly logger: Logger;
  }) => Promise<{ readonly url: string; close(): Promise<void> }>;
}

/** The address of toxiproxy's API. */
interface ToxiproxyAddress {
  readonly port: number;
  readonly host: string;
  /** The file with the proxies to create at the start, in toxiproxy's JSON format. */
  readonly config: string | undefined;
}

/** `sluice toxiproxy`: serves toxiproxy's HTTP API until SIGTERM or SIGINT. @throws the errors of the server */
export async function toxiproxy({ raw, logLevel }: CommandOptions, output: Terminal): Promise<number> {
  const { port, host, config } = addressOf(raw.options);
  const stopped = new Promise<void>((resolve) => {
    onStopSignals(() => {
      resolve();
    });
  });
  const { ProxyLog } = await import("../../runtime/log/logger.ts");
  const { logger } = new ProxyLog(logLevel);
  const { serveToxiproxy } = (await import(import.meta.resolve("sluice/faults"))) as Faults;
  const populate = config === undefined ? {} : { populate: proxiesIn(path.resolve(config)) };
  const server = await serveToxiproxy({ port, host, logger, ...populate });
  output.line(`toxiproxy ${server.url}`);
  output.line("ready");
  await stopped;
  await server.close();
  return 0;
}

/** @throws SLUICE_USAGE */
function addressOf({ port = 8474, host = "127.0.0.1", config }: Readonly<Record<string, unknown>>): ToxiproxyAddress {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new SluiceError("SLUICE_USAGE", `--port: expected a number from 0 to 65535, got ${JSON.stringify(port)}`);
  return {
    port: number,
    host: String(host),
    config: typeof config === "string" ? config : undefined,
  };
}

function proxiesIn(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SluiceError("SLUICE_CONFIG_NOT_FOUND", reasonOf(error), { where: file, cause: asSluiceError(error) });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new SluiceError("SLUICE_CONFIG_SYNTAX", reasonOf(error), { where: file, cause: error });
  }
}
