import { expect } from "chai";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createCleanup, type Cleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, startCliAfter, type Cli, type CliFolder } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { connect } from "../support/sockets.ts";
import { follow, packetsOf } from "../support/tshark.ts";
import { startUdpClient } from "../support/udp-client.ts";

const config = `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo, tlsTermination } from "sluice/plugins";
const count = definePlugin("count", () => ({
  fromClient: (data) => {
    let chunks = 0;
    return data.pipe(each((chunk) => Buffer.concat([Buffer.from(String((chunks += 1))), chunk])));
  },
}));
export default defineConfig({
  listeners: {
    web: { listen: "tcp://127.0.0.1:0", plugins: [count(), echo()] },
    dns: { listen: "udp://127.0.0.1:0", plugins: [echo()] },
    tls: { listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ selfSigned: ["localhost"], ca: false }), echo()] },
  },
});
`;

/** A proxy that runs. */
interface Started {
  readonly folder: CliFolder;
  readonly proxy: Cli;
  readonly ports: Record<string, number>;
}

describe("sluice capture", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  const cleanupAtEnd = createCleanup();
  /** For those that end by themselves. */
  const commands = new Commands();
  let shared: Started;
  let folder: CliFolder;
  let ports: Record<string, number>;
  const start = async (until: Cleanup, begin: (own: CliFolder) => Cli): Promise<Started> => {
    const own = createCliFolder(until);
    own.write("proxy.config.ts", config);
    const proxy = begin(own);
    return { folder: own, proxy, ports: await proxy.ready() };
  };
  const use = (started: Started): void => {
    ({ folder, ports } = started);
  };
  before(async () => {
    // A file that may not grow fails as one on a full disk does.
    const limited = (own: CliFolder): Cli => startCliAfter("ulimit -f 64", cleanupAtEnd, own);
    shared = await start(cleanupAtEnd, process.platform === "win32" ? (own) => startCli(cleanupAtEnd, own, ["start"]) : limited);
  });
  beforeEach(() => {
    use(shared);
  });
  afterEach(() => cleanup.run());
  after(async () => {
    commands.end();
    await cleanupAtEnd.run();
  });

  const open = async (): Promise<Socket> => cleanup.keep(await connect(ports["web"] ?? 0));
  const capturing = async (...parameters: readonly string[]): Promise<Cli> => {
    const cli = startCli(cleanup, folder, ["capture", ...parameters]);
    await cli.line(/^capturing/);
    return cli;
  };

  it("writes the bytes of open sessions until Ctrl-C, which ends only the capture", async function () {
    const tshark = requireTool(this, "tshark");
    const socket = await open();
    expect(await exchange(socket, "a", 2)).to.equal("1a");
    const cli = await capturing("web", "-o", "web.pcapng");
    expect(await exchange(socket, "b", 2)).to.equal("2b");
    cli.kill("SIGINT");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    const file = join(folder.path, "web.pcapng");
    const [, packets, bytes, where] = (await cli.line(/^captured (\d+) packets, (\S+) bytes, in (.+)$/)) as unknown as string[];
    expect({ where, bytes: Number(bytes?.replace(",", "")) }).to.deep.equal({ where: file, bytes: statSync(file).size });
    expect(await packetsOf(tshark, file, ["frame.number"])).to.have.lengthOf(Number(packets));
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(await exchange(socket, "c", 2)).to.equal("3c");
    const [client] = await follow(tshark, file, "tcp", [0]);
    expect([client?.fromClient, client?.fromUpstream].map(String)).to.deep.equal(["b", "2b"]);
    expect(shared.proxy.lines.join("\n"), "reloads").to.not.include("reloaded");
  });

  it("ends after --for and at --size, and prints JSON", async function () {
    const tshark = requireTool(this, "tshark");
    const timed = await capturing("dns", "-o", "dns.pcapng", "--for", "1s");
    const client = await startUdpClient(cleanup, ports["dns"] ?? 0);
    await client.ask("question");
    expect(await timed.ended()).to.deep.equal({ code: 0, signal: null });
    await timed.line(/^captured 4 packets, [\d,]+ bytes, in .*dns\.pcapng: the time of --for is over$/);
    const [stream] = await follow(tshark, join(folder.path, "dns.pcapng"), "udp", [0]);
    expect([stream?.fromClient, stream?.fromUpstream].map(String)).to.deep.equal(["question", "question"]);
    const sized = await capturing("web", "-o", "full.pcapng", "--size", "2KiB");
    (await open()).write("x".repeat(4000));
    expect(await sized.ended()).to.deep.equal({ code: 0, signal: null });
    await sized.line(/^captured \d+ packets, .*full\.pcapng: it has the size of --size$/);
    const { code, stdout } = await commands.run(folder, "capture", "web", "-o", "json.pcapng", "--for", "10ms", "--json");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ state: "ended", reason: "time", listener: "web", name: "json.pcapng" });
  });

  it("with --secrets writes the original TLS records, which tshark decrypts", async function () {
    const tshark = requireTool(this, "tshark");
    const file = join(folder.path, "tls.pcapng");
    const cli = await capturing("tls", "-o", "tls.pcapng", "--secrets");
    const socket = cleanup.keep(connectTls({ host: "127.0.0.1", port: ports["tls"] ?? 0, rejectUnauthorized: false }));
    expect(await exchange(socket, "in the open", 11)).to.equal("in the open");
    cli.kill("SIGINT");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    const sent = await packetsOf(tshark, file, ["tcp.payload"], 'frame.interface_name == "client leg" && tcp.len > 0');
    expect(sent.join("")).to.not.equal("").and.not.include(Buffer.from("in the open").toString("hex"));
    const [stream] = await follow(tshark, file, "tls", [0]);
    expect([stream?.fromClient, stream?.fromUpstream].map(String)).to.deep.equal(["in the open", "in the open"]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("ends when the command that started it is killed", async () => {
    const killed = await capturing("web", "-o", "killed.pcapng");
    killed.kill("SIGKILL");
    await killed.exit;
    // An empty file was made for it; one that has ended has its header at least.
    await eventually(() => expect(readFileSync(join(folder.path, "killed.pcapng")).length).to.be.greaterThan(0));
  });

  it("leaves a complete file when the proxy ends", async () => {
    const started = await start(cleanup, (own) => startCli(cleanup, own, ["start"]));
    use(started);
    const left = await capturing("web", "-o", "left.pcapng");
    const socket = await open();
    await exchange(socket, "a", 2);
    socket.end();
    started.proxy.kill("SIGTERM");
    expect(await left.ended()).to.deep.equal({ code: 0, signal: null });
    await left.line(/^captured \d+ packets, .*left\.pcapng: the proxy has ended$/);
  });

  it("reports errors, and leaves nothing behind", async () => {
    writeFileSync(join(folder.path, "there.pcapng"), "kept");
    const errors: readonly [readonly string[], RegExp][] = [
      [["web"], /expected sluice capture LISTENER -o FILE/],
      [["wep", "-o", "a.pcapng"], /there is no listener "wep": there are web, dns, tls/],
      [["web", "-o", "there.pcapng"], /there\.pcapng: it is there already, and is not written over: give another name/],
      [["web", "-o", "missing/a.pcapng"], /missing\/a\.pcapng: ENOENT.*SLUICE_FILE_UNWRITABLE: make room/s],
      [["web", "-o", "a.pcapng", "--size", "1"], /size: expected 1KiB to 1GiB/],
    ];
    for (const [parameters, message] of errors) {
      const { code, stderr } = await commands.run(folder, "capture", ...parameters);
      expect(code, stderr).to.equal(1);
      expect(stderr).to.match(message);
    }
    expect(existsSync(join(folder.path, "a.pcapng"))).to.equal(false);
    expect(readFileSync(join(folder.path, "there.pcapng"), "utf8")).to.equal("kept");
    expect(await exchange(await open(), "a", 2)).to.equal("1a");
  });

  it("ends when the disk is full, and nothing else ends", async function () {
    if (process.platform === "win32") this.skip();
    const cli = await capturing("web", "-o", "large.pcapng");
    const socket = await open();
    const large = "x".repeat(100_000);
    await exchange(socket, large, large.length + 1);
    expect(await cli.ended()).to.deep.equal({ code: 1, signal: null });
    await cli.line(/^it ended early: .*large\.pcapng: EFBIG.*SLUICE_FILE_UNWRITABLE: make room on the disk/);
    expect(await exchange(await open(), "b", 2)).to.equal("1b");
    const told = shared.proxy.stderr.split("\n").filter((line) => line.includes("the capture has ended: its file cannot be written"));
    expect(told, "once").to.have.lengthOf(1);
    const tshark = requireTool(this, "tshark");
    expect(await packetsOf(tshark, join(folder.path, "large.pcapng"), ["frame.number"]), "no packet that is cut off").to.not.equal(
      undefined,
    );
  });
});
