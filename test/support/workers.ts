import type { Socket } from "node:net";
import type { ProxyStatus } from "../../core/runtime/proxy/proxy-status.ts";
import type { Cleanup } from "./cleanup.ts";
import { createCliFolder, startCli, type Cli, type CliFolder } from "./cli.ts";
import { connect, readBytes } from "./sockets.ts";
import { statusOf } from "./status-of.ts";
import { AdminApi } from "./with-admin.ts";

/** `sluice start` with a config that says how many workers there are. */
export class Workers {
  /** Where the config has an admin server. */
  readonly api: AdminApi;

  private constructor(
    private readonly cleanup: Cleanup,
    readonly folder: CliFolder,
    readonly cli: Cli,
    readonly ports: Readonly<Record<string, number>>,
  ) {
    const url = cli.lines.find((line) => line.startsWith("admin "))?.slice("admin ".length);
    this.api = new AdminApi(url ?? "http://127.0.0.1:1/");
  }

  /** @param config the text of proxy.config.ts */
  static async start(cleanup: Cleanup, config: string, folder = createCliFolder(cleanup)): Promise<Workers> {
    folder.write("proxy.config.ts", config);
    const cli = startCli(cleanup, folder, ["start"]);
    const ports = await cli.ready();
    return new Workers(cleanup, folder, cli, ports);
  }

  port(name: string): number {
    return this.ports[name] ?? 0;
  }

  status(): Promise<ProxyStatus> {
    return statusOf(this.folder);
  }

  async pids(): Promise<readonly number[]> {
    return ((await this.status()).workers ?? []).map(({ pid }) => pid);
  }

  /** Saves the config, and waits until it is in force. */
  async save(config: string): Promise<void> {
    this.folder.write("proxy.config.ts", config);
    await this.cli.line(/^reloaded generation \d+/);
  }

  async open(name: string): Promise<Socket> {
    const socket = await connect(this.port(name));
    socket.on("error", () => undefined);
    this.cleanup.add(() => void socket.destroy());
    return socket;
  }
}

/** What a listener says that answers with its process: up to a blank. */
export async function pidOf(socket: Socket): Promise<number> {
  socket.write("x");
  let text = "";
  while (!text.endsWith(" x")) text += String(await readBytes(socket, 1));
  return Number(text.split(" ")[0]);
}
