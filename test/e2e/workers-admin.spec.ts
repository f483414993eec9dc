import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { EventReader } from "../support/event-reader.ts";
import { eventually } from "../support/eventually.ts";
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

interface Page {
  readonly sessions: readonly { readonly id: number; readonly state: string }[];
}

describe("the admin API of a proxy of two workers", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let workers: Workers;
  before(async () => {
    workers = await Workers.start(cleanup, config);
  });
  after(() => cleanup.run());

  it("tells what happens in both: sessions, their chunks, rates, reloads", async () => {
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

  it("refuses captures, and says why", async () => {
    const { status, body } = await workers.api.call("POST", "captures", { json: { listener: "echo" } });
    expect(status, body).to.equal(409);
    expect(body).to.include("workers: 1");
  });
});
