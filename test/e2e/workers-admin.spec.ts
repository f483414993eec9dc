import { expect } from "chai";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startProxy } from "../../core/testing/index.ts";
import { replay } from "../../plugins/index.ts";
import { readRecording } from "../../plugins/recording/format/read-recording.ts";
import { eventOf } from "../support/bounded.ts";
import { startCli } from "../support/cli.ts";
import { createCleanup } from "../support/cleanup.ts";
import { EventReader } from "../support/event-reader.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { follow, packetsOf } from "../support/tshark.ts";
import { readBytes } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

const config = `
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const pid = definePlugin("pid", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]))) }));
const mark = definePlugin("mark", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("m"), chunk]))) }));
export default defineConfig({
  workers: 2,
  admin: { listen: "tcp://127.0.0.1:0" },
  listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [pid(), mark({ enabled: false }), echo()] } },
});
`;

interface Saved {
  readonly name: string;
  readonly file: string;
  readonly state: string;
  readonly packets: number;
}

interface Page {
  readonly sessions: readonly { readonly id: number; readonly state: string; readonly startedAt: number }[];
}

describe("the admin API of a proxy of two workers", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let workers: Workers;
  before(async () => {
    workers = await Workers.start(cleanup, config);
  });
  after(() => cleanup.run());

  it("reports the events of both: sessions, their chunks, rates, reloads", async () => {
    const { api } = workers;
    const reader = await EventReader.open(api, "topics=sessions,rates,reloads,tap:echo");
    cleanup.add(() => {
      reader.close();
    });
    const sockets = [await workers.open("echo"), await workers.open("echo")];
    expect(new Set(await Promise.all(sockets.map(pidOf))).size).to.equal(2);
    const started = await eventually(() => {
      const events = reader.events.filter(({ type }) => type === "session-started");
      expect(events).to.have.length(2);
      return events;
    });
    const ids = started.map(({ data }) => (data as { id: number }).id);
    await eventually(() => {
      const chunks = reader.events.filter(({ type }) => type === "chunk").map(({ data }) => (data as { session: number }).session);
      expect(new Set(chunks)).to.deep.equal(new Set(ids));
    });
    await reader.event("rates", ({ data }) => (data as { listeners: { sessions: number }[] }).listeners[0]?.sessions === 2);
    await api.call("POST", "reload");
    await reader.event("reloaded");
    for (const socket of sockets) socket.end();
    await eventually(() => expect(reader.events.filter(({ type }) => type === "session-ended")).to.have.length(2));
    expect(reader.events.filter(({ type }) => type === "reloaded")).to.have.length(1);
    const numbers = reader.events.map(({ id }) => id);
    expect(numbers).to.deep.equal(numbers.toSorted((a, b) => a - b));
  });

  it("finds, holds, injects into and ends the sessions of both", async () => {
    const { api } = workers;
    const sockets = [await workers.open("echo"), await workers.open("echo")];
    const pids = await Promise.all(sockets.map(pidOf));
    const { sessions } = await api.get<Page>("sessions?filter=state:open");
    expect(sessions).to.have.length(2);
    const listed = (await api.get<Page>("sessions")).sessions.map(({ id, startedAt }) => ({ id, startedAt }));
    expect(listed, "the newest first, whoever has it").to.deep.equal(listed.toSorted((a, b) => b.startedAt - a.startedAt || b.id - a.id));
    const paged: number[] = [];
    for (let after = ""; ; after = `&after=${paged.at(-1)}`) {
      const page = (await api.get<Page>(`sessions?limit=1${after}`)).sessions;
      if (page.length === 0) break;
      paged.push(...page.map(({ id }) => id));
    }
    expect(paged).to.deep.equal(listed.map(({ id }) => id));
    for (const { id } of sessions) {
      expect((await api.get<{ id: number }>(`sessions/${id}`)).id).to.equal(id);
      expect((await api.call("POST", `sessions/${id}/hold`, { json: { direction: "fromUpstream" } })).status).to.equal(200);
      expect((await api.call("POST", `sessions/${id}/release`, { json: { direction: "fromUpstream" } })).value).to.include({
        released: true,
      });
      expect((await api.call("POST", `sessions/${id}/inject`, { json: { direction: "fromUpstream", text: "hi" } })).status).to.equal(200);
    }
    for (const [index, socket] of sockets.entries()) {
      const text = `${pids[index]} hi`;
      expect(String(await readBytes(socket, text.length))).to.equal(text);
    }
    for (const { id } of sessions) expect((await api.call("DELETE", `sessions/${id}`)).value).to.deep.equal({ id, ended: true });
    await eventually(async () => expect((await api.get<Page>("sessions?filter=state:open")).sessions).to.deep.equal([]));
    for (const socket of sockets) socket.destroy();
    expect((await api.call("DELETE", "sessions/999")).status).to.equal(404);
  });

  it("switches a plugin in both, and back", async () => {
    const { api } = workers;
    const sockets = [await workers.open("echo"), await workers.open("echo")];
    const pids = await Promise.all(sockets.map(pidOf));
    const says = async (answer: string): Promise<void> => {
      for (const [index, socket] of sockets.entries()) {
        socket.write("x");
        const text = `${pids[index]} ${answer}`;
        expect(String(await readBytes(socket, text.length))).to.equal(text);
      }
    };
    expect((await api.call("PATCH", "listeners/echo/plugins/mark", { json: { enabled: true } })).status).to.equal(200);
    await says("mx");
    expect((await api.get<{ overrides: unknown[] }>("overrides")).overrides).to.have.length(1);
    expect((await api.call("DELETE", "overrides/echo/mark")).status).to.equal(200);
    await says("x");
    for (const socket of sockets) socket.destroy();
  });

  it("captures the sessions of both in one file, in the order of time, and reports its progress", async function () {
    const tshark = requireTool(this, "tshark");
    const { api } = workers;
    const begun = await api.call("POST", "captures", { json: { listener: "echo", file: "both.pcapng" } });
    expect(begun.status, begun.body).to.equal(200);
    const sockets = [await workers.open("echo"), await workers.open("echo")];
    const pids = await Promise.all(sockets.map(pidOf));
    expect(new Set(pids).size).to.equal(2);
    await eventually(async () => {
      const [running] = (await api.get<{ captures: Saved[] }>("captures")).captures;
      expect(running).to.include({ name: "both.pcapng", state: "running" });
      expect(running?.packets).to.be.at.least(20);
    });
    for (const socket of sockets) socket.destroy();
    const { value } = await api.call<Saved>("DELETE", "captures/both.pcapng");
    expect(value).to.include({ state: "ended", reason: "stopped", bytes: statSync(value.file).size });
    const streams = await follow(tshark, value.file, "tcp", [0, 1, 2, 3]);
    const answers = streams.map(({ fromUpstream }) => String(fromUpstream)).filter((text) => text !== "x");
    expect(answers.toSorted()).to.deep.equal(pids.map((pid) => `${pid} x`).toSorted());
    const packets = await packetsOf(tshark, value.file, ["frame.time_delta", "frame.packet_id"]);
    expect(packets).to.have.lengthOf(value.packets);
    expect(packets.filter(([delta = ""]) => delta.startsWith("-"))).to.deep.equal([]);
    const ids = packets.map(([, id = ""]) => id).filter((id) => id !== "");
    // "x" has an id of its own in each session, at both legs of its way to the upstream.
    expect(new Set(ids).size).to.be.greaterThan(2);
    expect(statSync(value.file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(dirname(value.file)), "parts").to.deep.equal(["both.pcapng"]);
  });

  it("records the sessions of both in one file, from which replay() answers", async () => {
    const { api, folder } = workers;
    expect((await api.call("POST", "recordings", { json: { listener: "echo", file: "both.yaml" } })).status).to.equal(200);
    const sockets = [await workers.open("echo"), await workers.open("echo")];
    await Promise.all(sockets.map(pidOf));
    for (const socket of sockets) socket.end();
    await Promise.all(sockets.map((socket) => eventOf(socket, "close")));
    const { value } = await api.call<Saved>("DELETE", "recordings/both.yaml");
    expect(value).to.include({ state: "ended", sessions: 2 });
    const text = readFileSync(value.file, "utf8");
    expect(text).to.match(/^- session: w\d+-1$/m);
    const recording = readRecording(text, value.file);
    expect(recording.sessions).to.have.lengthOf(2);
    const replaying = await startProxy({ plugins: [replay({ file: value.file })] });
    cleanup.add(() => replaying.close());
    for (const entries of recording.sessions) {
      const client = await replaying.connect();
      for (const entry of entries) {
        if ("close" in entry) continue;
        if (entry.from === "client") await client.write(entry.bytes);
        else expect(String(await client.read(entry.bytes.length))).to.equal(String(entry.bytes));
      }
      client.end();
      await client.closed;
    }
    expect(readdirSync(join(folder.path, ".sluice", "captures")).toSorted()).to.deep.equal(["both.pcapng", "both.yaml"]);
  });

  it("captures one session until it ends, and continues when a worker dies and is replaced", async () => {
    const { api } = workers;
    const socket = await workers.open("echo");
    const pid = await pidOf(socket);
    const { sessions } = await api.get<Page>("sessions?filter=state:open");
    const one = await api.call<Saved>("POST", "captures", { json: { session: sessions[0]?.id, file: "one.pcapng" } });
    expect(one.status, one.body).to.equal(200);
    expect((await api.call("POST", "captures", { json: { session: 999, file: "none.pcapng" } })).status).to.equal(404);
    await api.call("POST", "captures", { json: { listener: "echo", file: "lives.pcapng" } });
    expect(await pidOf(socket)).to.equal(pid);
    await eventually(async () => {
      const { captures } = await api.get<{ captures: Saved[] }>("captures");
      // On each leg a handshake that is made up, a question and an answer: they are on the disk.
      expect(captures.find(({ name }) => name === "lives.pcapng")?.packets).to.be.at.least(10);
    });
    process.kill(pid, "SIGKILL");
    await eventually(async () => expect((await workers.pids()).filter((each) => each !== pid)).to.have.length(2));
    // The new worker gets its first session when it writes into the files that are open.
    const served = await eventually(async () => {
      const others = [await workers.open("echo"), await workers.open("echo"), await workers.open("echo")];
      const pids = new Set(await Promise.all(others.map(pidOf)));
      for (const each of others) each.destroy();
      expect(pids.size).to.equal(2);
      return pids;
    });
    const { value } = await api.call<Saved>("DELETE", "captures/lives.pcapng");
    expect(value).to.include({ state: "ended", reason: "stopped" });
    const bytes = readFileSync(value.file);
    for (const each of [pid, ...served]) expect(bytes.includes(`${each} x`), `what ${each} said`).to.equal(true);
    await api.call("DELETE", "captures/one.pcapng");
  });

  it("captures by the command line too, and leaves a complete file when the proxy ends", async () => {
    const cli = startCli(cleanup, workers.folder, ["capture", "echo", "-o", "cli.pcapng"]);
    await cli.line(/^capturing/);
    const socket = await workers.open("echo");
    const pid = await pidOf(socket);
    socket.destroy();
    workers.cli.kill("SIGTERM");
    expect(await cli.ended()).to.deep.equal({ code: 0, signal: null });
    await workers.cli.ended();
    expect(readFileSync(join(workers.folder.path, "cli.pcapng")).includes(`${pid} x`)).to.equal(true);
    expect(readdirSync(workers.folder.path).filter((each) => each.endsWith(".pcapng"))).to.deep.equal(["cli.pcapng"]);
  });

  it("leaves the part of each worker as a file of its own when the first process is killed, or all of them were", async () => {
    const folder = join(workers.folder.path, ".sluice", "captures");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A process that has ended: that of the last test.
    writeFileSync(join(folder, `.all-${workers.cli.pid}-0123456789ab.w7.pcapng`), "sessions");
    const again = await Workers.start(cleanup, config, workers.folder);
    const listed = await again.api.get<{ captures: Saved[] }>("captures");
    expect(listed.captures.map(({ name }) => name)).to.include("all.w7.pcapng");
    expect((await again.api.call("POST", "captures", { json: { listener: "echo", file: "killed.pcapng" } })).status).to.equal(200);
    const pids = await Promise.all([await again.open("echo"), await again.open("echo")].map(pidOf));
    again.cli.kill("SIGKILL");
    const parts = await eventually(
      () => {
        const names = readdirSync(folder);
        expect(names.filter((name) => name.startsWith("."))).to.deep.equal([]);
        return names.filter((name) => /^killed\.w\d+\.pcapng$/.test(name));
      },
      { within: 30_000 },
    );
    const bytes = parts.map((name) => readFileSync(join(folder, name)));
    for (const pid of pids)
      expect(
        bytes.filter((part) => part.includes(`${pid} x`)),
        `what ${pid} said`,
      ).to.have.length(1);
  });
});
