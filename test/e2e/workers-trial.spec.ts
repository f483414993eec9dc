import { expect } from "chai";
import type { Socket } from "node:net";
import type { ProxyStatus } from "../../core/runtime/proxy/proxy-status.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { EventReader } from "../support/event-reader.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";
import { Workers } from "../support/workers.ts";

interface Parts {
  readonly letter: string;
  readonly trial?: string;
  readonly more?: string;
  readonly setup?: string;
}

/** Puts a letter in front of each chunk, and throws at one with an exclamation mark. Its fifth line is the place. */
const config = ({ letter, trial = '{ share: 0.5, for: "1h", faults: 3 }', more = "", setup = "" }: Parts): string => `
import { defineConfig, definePlugin } from "sluice";
import { carry } from "sluice/flow";
import { echo } from "sluice/plugins";
const boom = (): never => { throw new Error("boom"); };
const mark = definePlugin("mark", () => ({
  setup() { ${setup} },
  fromClient: (data) => data.pipe(carry({
    start: () => ({ count: 0 }),
    step: (state, chunk) => chunk.includes("!") ? boom() : Buffer.from(\`${letter}\${(state.count += 1)}\`),
  })),
}));
export default defineConfig({
  workers: 2,
  admin: { listen: "tcp://127.0.0.1:0" },
  reload: { trial: ${trial} },
  listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [mark(), echo()] }, ${more} },
});
`;

const other = 'other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] }';

describe("a save on trial with two workers", function () {
  this.timeout(180_000);
  const cleanup = createCleanup();
  let workers: Workers;

  const open = async (count: number): Promise<Socket[]> => {
    const sockets: Socket[] = [];
    for (let at = 0; at < count; at++) {
      // One after the other, so that each worker gets every second one.
      const socket = cleanup.keep(await connect(workers.port("web")));
      await answer(socket);
      sockets.push(socket);
    }
    return sockets;
  };
  /** The letter of the plugin, and its count in the session. */
  const answer = async (socket: Socket): Promise<string> => {
    socket.write("x");
    return String(await readBytes(socket, 2));
  };
  const answers = async (sockets: readonly Socket[]): Promise<string[]> => Promise.all(sockets.map(answer));
  const save = (parts: Parts): void => workers.folder.write("proxy.config.ts", config(parts));
  const trying = async (): Promise<number> => Number((await workers.cli.line(/^trying generation (\d+) on 50% /))[1]);
  const fail = async (socket: Socket | undefined): Promise<void> => {
    socket?.write("!");
    await closeOf(socket as Socket);
  };
  const status = (): Promise<ProxyStatus> => workers.api.get<ProxyStatus>("status");

  // One proxy for all: to start three processes takes seconds on a busy machine.
  before(async () => {
    workers = await Workers.start(cleanup, config({ letter: "A", more: other }));
  });
  after(() => cleanup.run());

  it("is tried on a share of the sessions of all, and taken back by the sum of their faults, with the state of the sessions", async () => {
    const sockets = await open(4);
    const events = cleanup.keep(await EventReader.open(workers.api, "topics=reloads"));
    save({ letter: "B", more: other });
    const number = await trying();
    const said = await answers(sockets);
    const tried = sockets.filter((_socket, at) => said[at] === "B2");
    expect(tried, said.join(" ")).to.have.length(2);
    const { trial, generation, workers: each = [] } = await status();
    expect([generation, trial?.generation, trial?.listeners]).to.deep.equal([
      1,
      number,
      [{ listener: "web", share: 0.5, sessions: 2, faults: 0, allowed: 3 }],
    ]);
    expect(each.map((worker) => worker.generation)).to.deep.equal([1, 1]);
    const plan = await workers.api.call<{ trial?: { generation: number } }>("POST", "plan", { json: {} });
    expect(plan.value.trial?.generation).to.equal(number);
    const more = await open(4);
    const heard = await answers(more);
    const young = more.filter((_socket, at) => heard[at] === "B2");
    expect(young, heard.join(" ")).to.have.length(2);
    await fail(tried[0]);
    await fail(young[0]);
    expect((await status()).trial?.listeners[0]?.faults).to.equal(2);
    await fail(young[1]);
    await workers.cli.line(/^taken back: generation 2: mark failed 3 times, proxy\.config\.ts:5:\d+$/);
    expect(await answers(sockets.filter((socket) => socket !== tried[0]))).to.deep.equal(["A3", "A3", "A3"]);
    expect(await answers(await open(2))).to.deep.equal(["A2", "A2"]);
    expect((await events.event("taken-back")).data.generation).to.equal(number);
    const { generations } = await workers.api.get<{ generations: { generation: number; current: boolean; takenBack?: string }[] }>(
      "generations",
    );
    expect(generations.map((past) => [past.generation, past.current, past.takenBack !== undefined])).to.deep.equal([
      [2, false, true],
      [1, true, false],
    ]);
  });

  it("is accepted by all after its time, or by the API, which takes it back too", async () => {
    const sockets = await open(2);
    save({ letter: "C", more: other, trial: "{ share: 0.5, for: 300 }" });
    await trying();
    await workers.cli.line(/^reloaded generation 3$/);
    expect(await answers(sockets)).to.deep.equal(["C2", "C2"]);
    save({ letter: "D", more: other });
    expect(await trying()).to.equal(4);
    const accepted = await workers.api.call<{ generation: number }>("POST", "generations/4/accept", { json: {} });
    expect([accepted.status, accepted.value.generation]).to.deep.equal([200, 4]);
    expect(await answers(sockets)).to.deep.equal(["D3", "D3"]);
    save({ letter: "E", more: other });
    expect(await trying()).to.equal(5);
    expect((await workers.api.call("POST", "generations/4/restore", { json: {} })).status).to.equal(200);
    await workers.cli.line(/^taken back: generation 5: generation 4 was restored$/);
    expect(await answers(sockets)).to.deep.equal(["D4", "D4"]);
    expect((await status()).trial).to.equal(undefined);
  });

  it("is tried again with an override, and taken back when a worker dies", async () => {
    save({ letter: "F", more: other });
    expect(await trying()).to.equal(6);
    expect((await workers.api.call("PATCH", "listeners/other/plugins/echo", { json: { enabled: false } })).status).to.equal(200);
    await workers.cli.line(/^taken back: generation 6: an override came; it is tried again with that$/);
    await workers.cli.line(/^reloaded generation 7 \(1 override\)$/);
    expect(await trying()).to.equal(8);
    process.kill((await status()).workers?.[1]?.pid ?? 0, "SIGKILL");
    await workers.cli.line(/^taken back: generation 8: worker 2 \(pid \d+\) died: SIGKILL$/);
    await eventually(async () => expect((await status()).workers).to.have.length(2), { within: 60_000 });
    expect(await answers(await open(2))).to.deep.equal(["D2", "D2"]);
  });

  it("is tried by none when one of them refuses it", async () => {
    const [first] = (await status()).workers ?? [];
    save({ letter: "G", more: other, setup: `if (process.pid === ${first?.pid}) throw new Error("not here");` });
    await workers.cli.line(/^refused: .*not here/);
    expect(await answers(await open(2))).to.deep.equal(["D2", "D2"]);
    expect((await status()).trial).to.equal(undefined);
  });
});
