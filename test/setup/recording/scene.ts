import type { Socket } from "node:net";
import type { Cleanup } from "../../support/cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "../../support/cli.ts";
import { readText } from "../../support/repository.ts";
import { connect, readBytes } from "../../support/sockets.ts";

/** One line that appears in one of the two windows. */
export interface Shown {
  readonly window: "proxy" | "client";
  /** What somebody types, what a program prints, or what changed in a file. */
  readonly kind: "typed" | "printed" | "saved" | "wrong";
  readonly text: string;
}

const config = (plugins: string): string => `import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
import { redact } from "./redact.ts";

export default defineConfig({
  listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [${plugins}] } },
});
`;

/** Plays the scene of the README's recording with the real command and one connection that stays open. @returns what was seen, in its order */
export async function playScene(cleanup: Cleanup): Promise<Shown[]> {
  const folder = createCliFolder(cleanup);
  folder.write("redact.ts", readText("docs/examples/redact.ts"));
  folder.write("proxy.config.ts", config("echo()"));
  const scene = new Scene(folder, startCli(cleanup, folder, ["start"]));
  await scene.start(cleanup);
  await scene.says("card 12345678");
  await scene.saves("redact({ digits: 8 }), echo()", /^reloaded generation 2$/);
  await scene.says("card 12345678");
  await scene.cuts("card 1234", "card ", "5678");
  await scene.saves("redact({ digits: 8 ), echo()", /^refused: .*$/);
  await scene.says("still here");
  return scene.shown;
}

class Scene {
  readonly shown: Shown[] = [];
  #open: Socket | undefined;
  #plugins = "echo()";

  constructor(
    private readonly folder: CliFolder,
    private readonly cli: Cli,
  ) {}

  async start(cleanup: Cleanup): Promise<void> {
    this.#show("proxy", "typed", "npx sluice start");
    const { web = 0 } = await this.cli.ready();
    for (const line of this.cli.lines) this.#show("proxy", "printed", line.replace(String(web), "7000"));
    this.#show("client", "typed", "nc 127.0.0.1 7000");
    this.#open = await connect(web);
    cleanup.add(() => void this.#open?.destroy());
  }

  /** A line goes to the proxy, and one comes back. */
  async says(line: string): Promise<void> {
    this.#show("client", "typed", line);
    this.#open?.write(`${line}\n`);
    await this.#answer(line.length + 1);
  }

  /** The same in two pieces, the second sent when what is known of the first has come back. */
  async cuts(first: string, known: string, second: string): Promise<void> {
    this.#show("client", "typed", `${first}      (and no line's end)`);
    this.#open?.write(first);
    await this.#answer(known.length);
    this.#show("client", "typed", second);
    this.#open?.write(`${second}\n`);
    await this.#answer(first.length + second.length - known.length + 1);
  }

  /** Saves the config with other plugins. @param outcome the line that the command prints then */
  async saves(plugins: string, outcome: RegExp): Promise<void> {
    this.#show("proxy", "saved", `- plugins: [${this.#plugins}]`);
    this.#show("proxy", "saved", `+ plugins: [${plugins}]`);
    this.#plugins = plugins;
    this.folder.write("proxy.config.ts", config(plugins));
    const [line = ""] = await this.cli.line(outcome);
    this.#show("proxy", line.startsWith("refused") ? "wrong" : "printed", line.replaceAll(`${this.folder.path}/`, ""));
  }

  async #answer(bytes: number): Promise<void> {
    const answer = this.#open === undefined ? "" : String(await readBytes(this.#open, bytes));
    this.#show("client", "printed", answer.trimEnd());
  }

  #show(window: Shown["window"], kind: Shown["kind"], text: string): void {
    this.shown.push({ window, kind, text });
  }
}
