import type { RemoteInfo } from "node:dgram";
import type { ProxyStatus } from "../../core/runtime/proxy/proxy-status.ts";
import type { Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";
import { startHttpUpstream } from "./http-upstream.ts";
import { bindUdp } from "./with-echo-server.ts";
import { WorkerLoad } from "./worker-load.ts";
import { Workers } from "./workers.ts";

/** Each worker says who it is and with which letter, in what it answers over TCP, HTTP and UDP. */
const config = (letter: string, { web, udp }: { web: string; udp: string }): string => `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, http } from "sluice/plugins";
const mark = definePlugin("mark", ({ text }: { text: string }) => ({
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} \${text}\`), chunk]))),
}));
const tell = definePlugin("tell", ({ text }: { text: string }) => ({
  exchange: (attempt, request) => {
    request.headers["x-worker"] = \`\${process.pid} \${text}\`;
    return attempt;
  },
}));
export default defineConfig({
  workers: 2,
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: {
    tcp: { listen: "tcp://127.0.0.1:0", plugins: [mark({ text: "${letter} " }), echo()] },
    web: { listen: "tcp://127.0.0.1:0", plugins: [tell({ text: "${letter}" }), http()], upstream: "${web}" },
    udp: { listen: "udp://127.0.0.1:0", plugins: [mark({ text: "" })], upstream: "${udp}" },
  },
});
`;

const alphabet = "abcdefghijklmnopqrstuvwxyz";

/** `sluice start` with two workers under a load that goes on. */
export class LoadedWorkers {
  reloads = 0;
  kills = 0;

  private constructor(
    readonly load: WorkerLoad,
    private readonly workers: Workers,
    private readonly text: (letter: string) => string,
  ) {}

  static async start(cleanup: Cleanup): Promise<LoadedWorkers> {
    const web = await startHttpUpstream(cleanup, (request, response) => response.end(`${String(request.headers["x-worker"])} x`));
    const udp = cleanup.keep(await bindUdp());
    udp.on("message", (_datagram, { port, address }: RemoteInfo) => udp.send(String(port), port, address));
    const text = (letter: string): string => config(letter, { web: web.endpoint, udp: `127.0.0.1:${udp.address().port}` });
    const workers = await Workers.start(cleanup, text("a"));
    const load = await WorkerLoad.start(cleanup, { tcp: workers.port("tcp"), web: workers.port("web"), udp: workers.port("udp") });
    return new LoadedWorkers(load, workers, text);
  }

  /** The letter of the config in force. */
  get letter(): string {
    return alphabet[this.reloads % alphabet.length] ?? "";
  }

  status(): Promise<ProxyStatus> {
    return this.workers.api.get<ProxyStatus>("status");
  }

  /** Saves another config, and waits until it is in force. */
  async save(): Promise<void> {
    this.reloads += 1;
    await this.workers.save(this.text(this.letter));
  }

  /** Kills a worker, and waits until another serves in its place. */
  async kill(pid: number): Promise<void> {
    this.kills += 1;
    this.load.kill(pid);
    const replaced = (): void => {
      const times = this.workers.cli.stderr.split('"msg":"a worker serves in place of one that died"').length - 1;
      if (times < this.kills) throw new Error(`${times} of ${this.kills} were replaced`);
    };
    await eventually(replaced, { within: 60_000, what: "a worker in place of the killed one" });
  }
}
