import { existsSync } from "node:fs";
import path from "node:path";
import { SluiceError, reasonOf, type Logger } from "../../contract/index.ts";
import { serveControl, type ControlHandler, type ControlServer } from "../../net/control/serve-control.ts";
import { Admin } from "../../admin/admin.ts";
import { performForLine } from "../../admin/operations/perform-for-line.ts";
import type { AnswerSource } from "../../admin/server/answer-source.ts";
import type { LiveConfig } from "../../runtime/proxy/live-config.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { ProxyOfWorkers } from "../../workers/first/proxy/proxy-of-workers.ts";
import type { Terminals } from "../output/announce.ts";
import type { CommandOptions } from "../arguments/command-line.ts";
import { passedOverNote } from "../arguments/config-file.ts";
import { guardProcess } from "../process/last-resort.ts";
import { warnOfOldNode } from "../process/node-version.ts";
import { answering, launching } from "../process/serving.ts";
import { onStopSignals, type StopSignal } from "../process/stop-signals.ts";
import { createTerminal, type Terminal } from "../output/terminal.ts";

/**
 * `sluice start`: serves until SIGTERM or SIGINT, then drains.
 *
 * @returns 0 after a requested drain, 1 after a drain because of a fault
 * @throws the errors of the config, SLUICE_ALREADY_RUNNING
 */
export function start(options: CommandOptions): Promise<number> {
  return serve(options);
}

/** Settings of a proxy that is not served from a config file. */
export interface StartOptions {
  /** The text of the config, if it is not in a file. */
  readonly text?: string;
  /** Called when the proxy serves, to print more. */
  readonly ready?: (output: Terminal) => Promise<void>;
}

/** The running proxy: in this process, or in several workers. */
type Running = LiveConfig<Proxy | ProxyOfWorkers>;

/** Serves a config from a file or from a text. @throws as {@link start} */
export async function serve(options: CommandOptions, { text, ready }: StartOptions = {}): Promise<number> {
  const { config, watch, logLevel, admin } = options;
  const file = path.resolve(config);
  const end = createExitCode();
  // First of all: a signal during the start needs a handler.
  onStopSignals((signal) => {
    end.settle(0, signal);
  });
  const hangUp = createHangUp();
  const { ProxyLog } = await import("../../runtime/log/logger.ts");
  const log = new ProxyLog(logLevel);
  const { logger } = log;
  guardProcess(
    logger,
    () => log.isReadable,
    () => {
      end.settle(1);
    },
  );
  if (text === undefined && !existsSync(file)) throw new SluiceError("SLUICE_CONFIG_NOT_FOUND", "no such file", { where: file });
  let starting: Promise<Running> | undefined;
  let adminOpened = untold;
  let served: AnswerSource | undefined;
  const servedBy = (live: Running): AnswerSource => (served ??= answering(live));
  const control = await openControl(file, logger, async (command, input) => {
    const started = await starting;
    return obey(started === undefined ? undefined : servedBy(started), command, input);
  });
  try {
    warnOfOldNode(logger);
    const note = passedOverNote(options);
    if (note !== undefined) logger.warn(note);
    const { LiveConfig: Following } = await import("../../runtime/proxy/live-config.ts");
    const companion = new Admin((url) => {
      adminOpened(url);
    });
    const announced = process.stdout.isTTY && process.stderr.isTTY;
    const following = { watch: watch && text === undefined, log, announced, admin, companion, text };
    starting = Following.start(file, following, launching(admin));
    const live = await Promise.race([starting, end.code]);
    // Stopped during the start: nothing is served yet, so there is nothing to drain.
    if (typeof live === "number") return live;
    const { announce, announceAdmin } = await import("../output/announce.ts");
    const terminals = await openTerminals();
    adminOpened = (url) => {
      announceAdmin(url, terminals.output);
    };
    announce(live, terminals, logger);
    await ready?.(terminals.output);
    companion.serve(servedBy(live));
    hangUp.use(live);
    const code = await end.code;
    await leave(live, end.signal, logger);
    await stop(live, terminals, logger);
    return code;
  } finally {
    control?.close();
    await endOfLines();
  }
}

/** Standard output and error for a proxy: writing never waits for a reader, and lines keep their order. */
async function openTerminals(): Promise<Terminals> {
  const { standardError, standardOutput } = await import("../../runtime/log/standard-streams.ts");
  const to = {
    write: (text: string): void => {
      standardError().flush();
      standardOutput().write(text);
      standardOutput().flush();
    },
  };
  return { output: createTerminal(process.stdout, to), details: createTerminal(process.stderr, standardError()) };
}

/** Milliseconds to wait for a slow reader at the end. */
const finishMs = 300;

async function endOfLines(): Promise<void> {
  const { standardError, standardOutput } = await import("../../runtime/log/standard-streams.ts");
  await Promise.all([standardError().finished(finishMs), standardOutput().finished(finishMs)]);
}

/** Announces nothing: the admin server of the start is announced before `ready`. */
function untold(_url: string): void {
  // Nothing to do.
}

interface ExitCode {
  /** Resolves with the exit code when the proxy must stop. */
  readonly code: Promise<number>;
  /** The signal that asked for it; undefined after a fault. */
  readonly signal: StopSignal | undefined;
  settle(code: number, signal?: StopSignal): void;
}

function createExitCode(): ExitCode {
  let settle: ((code: number) => void) | undefined;
  const code = new Promise<number>((resolve) => {
    settle = resolve;
  });
  const end: { -readonly [Name in keyof ExitCode]: ExitCode[Name] } = {
    code,
    signal: undefined,
    settle: (given, signal) => {
      end.signal ??= signal;
      settle?.(given);
    },
  };
  return end;
}

/** SIGHUP reloads. A signal during the start is kept until the proxy can be reloaded. */
function createHangUp(): { use(live: Running): void } {
  let live: Running | undefined;
  let pending = false;
  // A refusal is announced as an event, like a refusal after a save.
  const reload = (): void => void live?.reload().catch(() => undefined);
  process.on("SIGHUP", () => {
    if (live === undefined) pending = true;
    else reload();
  });
  return {
    use: (started) => {
      live = started;
      if (pending) reload();
    },
  };
}

async function openControl(file: string, logger: Logger, handle: ControlHandler): Promise<ControlServer | undefined> {
  try {
    const control = await serveControl(file, handle);
    process.once("exit", () => {
      control.close();
    });
    return control;
  } catch (error) {
    if (SluiceError.is(error)) throw error;
    logger.warn(
      { reason: reasonOf(error) },
      "the control socket cannot be opened: `sluice status` and `sluice reload` will not reach this proxy",
    );
    return undefined;
  }
}

async function obey(live: AnswerSource | undefined, command: string, input: unknown): Promise<unknown> {
  if (live === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the proxy is starting");
  return performForLine(live, command, input);
}

/** Signals load balancers to send no more clients, and serves the clients that still come until the load balancers have noticed. */
async function leave(live: Running, signal: StopSignal | undefined, logger: Logger): Promise<void> {
  live.stop();
  // With Ctrl-C a person waits, and there is no load balancer.
  if (signal !== "SIGTERM") return;
  const { delay, quiet } = live.shutdown;
  const left = live.leave();
  if (delay > 0) logger.info({ delay, quiet }, "not ready any more; accepting until no connection comes");
  await left;
}

async function stop(live: Running, { details }: Terminals, logger: Logger): Promise<void> {
  // Asked before it closes, but a worker that does not answer holds nothing up.
  const open = live.proxy.open();
  const closed = live.proxy.close({ drain: live.proxy.timeouts.drain });
  const { streams, all } = await open;
  // Printed only now: for scripts that wait for this line, the listeners are closed.
  if (details.interactive && streams > 0) details.line(waitingLine(streams, live.proxy.timeouts.drain));
  else logger.info({ sessions: all }, "stopping");
  await closed;
}

/** Tells a person who pressed Ctrl-C what the proxy waits for. */
export function waitingLine(sessions: number, drainMs: number): string {
  const time = drainMs % 1000 === 0 ? `${drainMs / 1000}s` : `${drainMs}ms`;
  return `waiting up to ${time} for ${sessions} session${sessions === 1 ? "" : "s"}; press Ctrl-C again to stop now`;
}
