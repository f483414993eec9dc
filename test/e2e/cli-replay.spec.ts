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

  it("refuses a recording without sessions, as nothing would be compared, also among others", async () => {
    const empty = recordingOf(cleanup, []);
    const full = recordingOf(cleanup, talk);
    for (const files of [[empty], [full, empty]]) {
      const { code, stdout, stderr } = await replay(...files, "--to", "127.0.0.1:1");
      expect(stdout).to.equal("");
      expect(stderr).to.include("SLUICE_RECORDING_INVALID").and.include(empty).and.include("no session");
      expect(code).to.equal(1);
    }
  });

  it("--to reports what was not recorded, what does not come, and other ends, each with the name of its session", async () => {
    const upstream = cleanup.keep(
      await startUpstream((socket) =>
        socket.on("data", (data) => {
          const word = String(data);
          if (word === "reset") socket.resetAndDestroy();
          else if (word === "bye") socket.end("bye");
          else if (word !== "silence") socket.write(`${word}!`);
        }),
      ),
    );
    const talked = (session: string, said: string, answer: string): string[] => [
      `{ session: ${session}, from: client, text: ${said} }`,
      `{ session: ${session}, from: upstream, text: "${answer}" }`,
    ];
    const file = recordingOf(cleanup, [
      ...talked("good", "one", "one!"),
      ...talked("longer", "two", "two"),
      "{ session: longer, close: client }",
      ...talked("silent", "silence", "x"),
      ...talked("part", "three", "three!!"),
      "{ session: cut, from: client, text: reset }",
      "{ session: cut, close: upstream, how: fin }",
      ...talked("finished", "bye", "bye"),
      "{ session: finished, close: upstream, how: reset }",
      ...talked("cut short", "bye", "bye bye"),
      ...talked("open", "four", "four!"),
      "{ session: open, close: upstream }",
      "{ session: reset, from: client, text: reset }",
      "{ session: reset, close: upstream, how: reset }",
    ]);
    const { stdout, code } = await replay(file, "--to", upstream.endpoint, "--json");
    expect(code).to.equal(1);
    const { sessions } = JSON.parse(stdout) as { sessions: { session: unknown; difference?: string }[] };
    const told = sessions.map(({ session, difference }) => [session, difference?.split("\n")[0]?.replace(file, "file")]);
    expect(told).to.deep.equal([
      ["good", undefined],
      ["longer", "file: 1 bytes came where nothing more was recorded"],
      ["silent", "file:11:3: nothing more came in time"],
      ["part", "file:13:3: nothing more came in time"],
      ["cut", "file: the server reset the connection where it had finished (FIN)"],
      ["finished", "file: the server finished (FIN) where it had reset the connection"],
      ["cut short", "file:20:3: the end came before this"],
      ["open", "file: the server did not end the connection in time where it had finished (FIN)"],
      ["reset", undefined],
    ]);
  });

  it("--to reports datagrams that do not come, with their place, and those that were not recorded", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const place = `127.0.0.1:${upstream.port}`;
    const file = recordingOf(
      cleanup,
      ['{ from: client, text: "a" }', '{ from: upstream, text: "a" }', '{ from: upstream, text: "b" }'],
      "udp",
    );
    const late = await replay(file, "--to", place);
    expect(late.stdout).to.include(`session 1: ${file}:7:3: nothing more came in time\n- recorded, + came\n- 000000  62`);
    const more = await replay(recordingOf(cleanup, ['{ from: client, text: "a" }'], "udp"), "--to", place);
    expect(more.stdout).to.include("1 bytes came where nothing more was recorded");
    expect([late.code, more.code]).to.deep.equal([1, 1]);
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
    const datagrams = recordingOf(cleanup, ['{ from: client, text: "a" }'], "udp");
    const folder = dirname(datagrams);
    writeFileSync(join(folder, "proxy.config.ts"), config(""));
    told.push(await replay(datagrams, "--through", "web", "-c", join(folder, "proxy.config.ts")));
    told.push(await replay(datagrams, "--to", "UDP://no.such.name.invalid:53"));
    told.push(await replay(datagrams, "--to", "tcp://127.0.0.1:1"));
    expect(told.map(({ code }) => code)).to.deep.equal([1, 1, 1, 1, 1, 1, 1]);
    expect(told[0]?.stderr).to.include("expected one of --to HOST:PORT and --through LISTENER");
    expect(told[1]?.stderr).to.include("--to: expected host:port");
    expect(told[2]?.stderr).to.include(`${bad}:5:9`);
    expect(told[3]?.stderr)
      .to.include("upstream tcp://127.0.0.1:1 refused the connection (ECONNREFUSED")
      .and.include("SLUICE_UPSTREAM_REFUSED");
    expect(told[4]?.stderr).to.include('the recording is of datagrams, and the listener "web" is tcp');
    expect(told[5]?.stderr).to.include("SLUICE_UPSTREAM_DNS");
    expect(told[6]?.stderr).to.include('--to: the recording is of datagrams, got "tcp://127.0.0.1:1"');
  });
});
