import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join, dirname } from "node:path";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { recordingOf } from "../support/recording-file.ts";
import { createCliFolder, runCli } from "../support/cli.ts";
import { Commands } from "../support/commands.ts";

const config = (plugins: string): string => `import { defineConfig, definePlugin } from "sluice";
import { latency } from "sluice/faults";
import { tlsTermination } from "sluice/plugins";
import { each } from "sluice/flow";
const shout = definePlugin("shout", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.from(String(chunk).toUpperCase()))) }));
void shout; void latency; void tlsTermination;
export default defineConfig({ listeners: {
  web: { listen: "tcp://127.0.0.1:1", upstream: "127.0.0.1:2", plugins: [${plugins}] },
  dns: { listen: "udp://127.0.0.1:1", upstream: "127.0.0.1:2", plugins: [${plugins}] },
} });
`;

describe("sluice replay", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  const commands = new Commands();
  afterEach(() => cleanup.run());
  after(() => commands.end());

  const replay = (...parameters: string[]) => commands.run(createCliFolder(cleanup), "replay", ...parameters);

  const talk = ['{ from: client, text: "one" }', '{ from: upstream, text: "one", at: 5s }', "close: client", "close: upstream"];

  for (const transport of ["tcp", "tls", "unix", "udp"] as const)
    it(`--to plays the client over ${transport}, and reports an answer that differs`, async () => {
      const upstream = cleanup.keep(await startUpstream("echo", { transport }));
      const place = `127.0.0.1:${upstream.port}`;
      const to = transport === "unix" ? upstream.endpoint.replace("unix:", "unix://") : transport === "tls" ? `tls://${place}` : place;
      const kind = transport === "udp" ? "udp" : "tcp";
      const same = await replay(recordingOf(cleanup, transport === "udp" ? talk.slice(0, 2) : talk, kind), "--to", to);
      expect(same.stdout + same.stderr).to.include("as recorded: 1 session");
      expect(same.code).to.equal(0);
      const other = await replay(
        recordingOf(cleanup, ['{ from: client, text: "one" }', '{ from: upstream, text: "two" }'], kind),
        "--to",
        to,
      );
      expect(other.stdout)
        .to.match(/- 000000 {2}74 77 6f +two\n\+ 000000 {2}6f 6e 65 +one/)
        .and.include("differs: 1 of 1 session");
      expect(other.code).to.equal(1);
    });

  it("--through runs sessions through a listener's plugins in virtual time, and shows what the plugins change", async () => {
    const file = recordingOf(cleanup, talk);
    const folder = dirname(file);
    const through = (plugins: string, listener: string, ...files: string[]) => {
      writeFileSync(join(folder, "proxy.config.ts"), config(plugins));
      return replay(...files, "--through", listener, "-c", join(folder, "proxy.config.ts"));
    };
    const slow = await through('latency({ delay: "10m" }), tlsTermination({ selfSigned: ["localhost"] })', "web", file, file);
    expect(slow.stdout + slow.stderr).to.include("as recorded: 2 sessions");
    expect(slow.code).to.equal(0);
    const changed = await through("shout()", "web", file);
    expect(changed.stdout)
      .to.include("fromUpstream")
      .and.match(/- 000000 {2}6f 6e 65 +one\n\+ 000000 {2}4f 4e 45 +ONE/);
    expect(changed.stdout).to.not.include("fromClient");
    expect(changed.code).to.equal(1);
    const datagrams = recordingOf(
      cleanup,
      ['{ from: client, text: "a" }', '{ from: upstream, text: "A" }', '{ from: upstream, text: "b" }'],
      "udp",
    );
    const udp = await through("shout()", "dns", datagrams);
    expect(udp.stdout).to.match(/- 000000 {2}62 +b\n\+ 000000 {2}42 +B/);
    expect(udp.code).to.equal(1);
  });

  it("ends by itself, with its exit code", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const folder = createCliFolder(cleanup);
    const { code, signal } = await runCli(cleanup, folder, "replay", recordingOf(cleanup, talk), "--to", upstream.endpoint);
    expect({ code, signal }).to.deep.equal({ code: 0, signal: null });
    expect((await runCli(cleanup, folder, "replay", recordingOf(cleanup, talk), "--to", "127.0.0.1:1")).code).to.equal(1);
  });

  it("reports errors of its input", async () => {
    const file = recordingOf(cleanup, talk);
    const bad = recordingOf(cleanup, ["from: nobody"]);
    const told = [];
    for (const parameters of [[file], [file, "--to", "nowhere"], [bad, "--to", "127.0.0.1:1"], [file, "--to", "127.0.0.1:1"]])
      told.push(await replay(...parameters));
    expect(told.map(({ code }) => code)).to.deep.equal([1, 1, 1, 1]);
    expect(told[0]?.stderr).to.include("expected one of --to HOST:PORT and --through LISTENER");
    expect(told[1]?.stderr).to.include("--to: expected host:port");
    expect(told[2]?.stderr).to.include(`${bad}:5:9`);
    expect(told[3]?.stderr).to.include("ECONNREFUSED");
  });
});
