import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bounded } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { root } from "./repository.ts";

/** The command's program. Compiled, this file is dist/test/support/cli.js. */
export const cliMain = fileURLToPath(new URL("../../core/cli/main.js", import.meta.url));
/** What Node gets before the program: a start is mostly the loading of modules. */
export const nodeOptions: readonly string[] = ["--require", join(root, "test/support/late-optimizing.cjs")];
/** The same for programs that start Node themselves, and for long ones too: npm, compilers, builders. */
export const nodeEnvironment = { NODE_OPTIONS: nodeOptions.map((option) => JSON.stringify(option)).join(" ") };
/** Long: a machine that runs other tests beside this one is slow at times, and only what fails waits for it. */
const patienceMs = 40_000;

/** What npm, CI and the terminal of the tests hand down would change what the command prints. */
export const commandEnvironment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|CI$|NO_COLOR$|FORCE_COLOR$|SLUICE_)/i.test(name)),
);

/** A folder with a config, for one test. */
export interface CliFolder {
  readonly path: string;
  /** Writes a file, making its folder. */
  write(name: string, text: string): void;
}

/** How a command ended: its exit code, or the signal that killed it. */
export interface CliExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How the command is started. */
export interface CliStart {
  /** What a shell does first, such as setting a limit. */
  readonly before?: string;
  /** What it has as 3, 4 and so on. */
  readonly descriptors?: readonly number[];
  /** What comes before the parameters. @default this Node, and this checkout's command */
  readonly command?: readonly string[];
}

/** A running `sluice` command. */
export class Cli {
  /** All lines of standard output so far. */
  readonly lines: string[] = [];
  stderr = "";
  readonly exit: Promise<CliExit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #seen = 0;

  constructor(folder: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}, starting: CliStart = {}) {
    const { before, descriptors = [], command: own = [process.execPath, ...nodeOptions, cliMain] } = starting;
    const node = [...own, ...parameters];
    const [command = "", ...given] = before === undefined ? node : ["/bin/sh", "-c", `${before} && exec "$@"`, "sh", ...node];
    this.#child = spawn(command, given, {
      cwd: folder,
      env: { ...commandEnvironment, ...env },
      stdio: ["ignore", "pipe", "pipe", ...descriptors],
    });
    this.exit = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
    let rest = "";
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
      for (const look of this.#watchers) look();
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      for (const look of this.#watchers) look();
    });
  }

  /** The process, for `kill`. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for a line of standard output that matches, after the one that the last call gave. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const find = (): RegExpExecArray | undefined => {
      for (let at = this.#seen; at < this.lines.length; at++) {
        const match = pattern.exec(this.lines[at] ?? "");
        if (match === null) continue;
        this.#seen = at + 1;
        return match;
      }
      return undefined;
    };
    return this.#until(find, `a line like ${pattern.source}`);
  }

  /** Waits until standard error has a text. */
  async error(text: string | RegExp): Promise<void> {
    const has = (): true | undefined => (typeof text === "string" ? this.stderr.includes(text) : text.test(this.stderr)) || undefined;
    await this.#until(has, `${String(text)} on standard error`);
  }

  /** Waits for `ready` and gives each listener's port by its name. */
  async ready(): Promise<Record<string, number>> {
    await this.line(/^ready$/);
    const ports: Record<string, number> = {};
    for (const line of this.lines) {
      const [, name, port] = /^(\S+) \w+:\/\/.*:(\d+)$/.exec(line) ?? [];
      if (name !== undefined) ports[name] = Number(port);
    }
    return ports;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Closes the reading ends of its pipes: what it writes then breaks. */
  breakPipes(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  /** Stands still, and reads what it logs no more. */
  stopReadingErrors(): void {
    this.#child.stderr?.pause();
  }

  /** Reads on. */
  readErrors(): void {
    this.#child.stderr?.resume();
  }

  /** Waits for the end. */
  async ended(): Promise<CliExit> {
    return bounded(this.exit, `the end of sluice; standard error: ${this.stderr}`, patienceMs);
  }

  async #until<T>(find: () => T | undefined, what: string): Promise<T> {
    const found = find();
    if (found !== undefined) return found;
    let look = (): void => undefined;
    const coming = new Promise<T>((resolve, reject) => {
      look = () => {
        const now = find();
        if (now !== undefined) resolve(now);
      };
      this.#watchers.add(look);
      void this.exit.then(({ code, signal }) => reject(new Error(`sluice ended (${code ?? signal}) before ${what}: ${this.stderr}`)));
    });
    try {
      return await bounded(coming, what, patienceMs);
    } catch (error) {
      throw new Error(`${String(error)}\nstandard output:\n${this.lines.join("\n")}\nstandard error:\n${this.stderr}`, { cause: error });
    } finally {
      this.#watchers.delete(look);
    }
  }
}

/** Makes a folder for configs, removed with the test. */
export function createCliFolder(cleanup: Cleanup): CliFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "sluice-cli-")));
  cleanup.add(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write: (name, text) => {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text, { mode: 0o644 });
    },
  };
}

/** Starts a command; what the test leaves running is killed with it. */
export function startCli(cleanup: Cleanup, folder: CliFolder, parameters: readonly string[], env?: NodeJS.ProcessEnv): Cli {
  return killedWith(cleanup, new Cli(folder.path, parameters, env));
}

/** Starts a command in another way than from this checkout. */
export function startCliBy(starting: CliStart, cleanup: Cleanup, folder: string, env?: NodeJS.ProcessEnv): Cli {
  return killedWith(cleanup, new Cli(folder, [], env, starting));
}

/** Starts `sluice start` after a shell has done something, such as setting a limit. */
export function startCliAfter(before: string, cleanup: Cleanup, folder: CliFolder): Cli {
  return killedWith(cleanup, new Cli(folder.path, ["start"], {}, { before }));
}

/** Starts `sluice start` with sockets that are bound already, as systemd does: sd_listen_fds(3). */
export function startCliWith(sockets: readonly { name: string; fd: number }[], cleanup: Cleanup, folder: CliFolder): Cli {
  const [names, descriptors] = [sockets.map(({ name }) => name).join(":"), sockets.map(({ fd }) => fd)];
  const env = { LISTEN_FDS: String(sockets.length), LISTEN_FDNAMES: names };
  return killedWith(cleanup, new Cli(folder.path, ["start"], env, { before: "export LISTEN_PID=$$", descriptors }));
}

function killedWith(cleanup: Cleanup, cli: Cli): Cli {
  cleanup.add(async () => {
    cli.kill("SIGKILL");
    await cli.exit;
  });
  return cli;
}

/** How a command ended, and what it said. */
export interface CliRun extends CliExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function runCli(cleanup: Cleanup, folder: CliFolder, ...parameters: readonly string[]): Promise<CliRun> {
  return runCliWith(cleanup, folder, parameters);
}

/** The same in an environment. */
export async function runCliWith(
  cleanup: Cleanup,
  folder: CliFolder,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<CliRun> {
  const cli = startCli(cleanup, folder, parameters, env);
  const exit = await cli.ended();
  return { ...exit, stdout: cli.lines.join("\n"), stderr: cli.stderr };
}
