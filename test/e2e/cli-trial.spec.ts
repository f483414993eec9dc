import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCli, type Cli, type CliFolder } from "../support/cli.ts";
import { EventReader } from "../support/event-reader.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";
import { AdminApi } from "../support/with-admin.ts";

const shout = (letter: string): string => `import { definePlugin } from "sluice";
import { each } from "sluice/flow";

export const shout = definePlugin("shout", () => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("${letter}"), chunk]))),
}));
`;
/** Fails at the seventh line. */
const broken = `import { definePlugin } from "sluice";
import { each } from "sluice/flow";

export const shout = definePlugin("shout", () => ({
  fromClient: (data) =>
    data.pipe(each((chunk) => {
      if (chunk.includes("!")) throw new Error("boom");
      return Buffer.concat([Buffer.from("B"), chunk]);
    })),
}));
`;
const config = (trial: string): string => `import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";
import { shout } from "./my-plugins/shout.ts";
export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0" },
  reload: { trial: ${trial} },
  listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [shout(), echo()] } },
});
`;

describe("a save on trial while sluice runs", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let folder: CliFolder;
  let cli: Cli;
  let port: number;
  let api: AdminApi;

  const start = async (trial: string): Promise<Socket[]> => {
    folder = createCliFolder(cleanup);
    folder.write("my-plugins/shout.ts", shout("A"));
    folder.write("proxy.config.ts", config(trial));
    cli = startCli(cleanup, folder, ["start"]);
    ({ echo: port = 0 } = await cli.ready());
    api = new AdminApi(/^admin (\S+)$/m.exec(cli.lines.join("\n"))?.[1] ?? "");
    const open: Socket[] = [];
    for (let at = 0; at < 3; at++) {
      const socket = cleanup.keep(await connect(port));
      await says(socket, "Ax");
      open.push(socket);
    }
    return open;
  };
  const says = async (socket: Socket | undefined, answer: string): Promise<void> => {
    socket?.write("x");
    expect(String(await readBytes(socket as Socket, answer.length))).to.equal(answer);
  };

  afterEach(() => cleanup.run());

  it("whose plugin fails is taken back, with one line that gives the location", async () => {
    const [first, second, third] = await start('{ share: 0.6, for: "1h", faults: 2 }');
    const events = cleanup.keep(await EventReader.open(api, "topics=reloads"));
    folder.write("my-plugins/shout.ts", broken);
    await cli.line(/^trying generation 2 on 60% of the sessions of echo for 3600 s$/);
    await says(first, "Bx");
    await says(second, "Bx");
    await says(third, "Ax");
    const { stdout: out } = await runCli(cleanup, folder, "status");
    expect(out).to.match(/^generation 1, /);
    expect(out).to.match(/^generation 2 is on trial for 3\d{3} s more \(echo: 2 sessions, 0 of 2 faults\)$/m);
    expect((await runCli(cleanup, folder, "plan")).stdout).to.match(/^generation 2 is on trial /);
    first?.write("!");
    await closeOf(first as Socket);
    const young = cleanup.keep(await connect(port));
    await says(young, "Bx");
    young.write("!");
    await cli.line(/^taken back: generation 2: shout failed 2 times, my-plugins\/shout\.ts:7:38$/);
    await says(second, "Ax");
    await says(third, "Ax");
    const { data } = await events.event("taken-back");
    expect(data).to.include({ generation: 2 });
    expect(data.reason).to.equal("shout failed 2 times, my-plugins/shout.ts:7:38");
    const { generations } = await api.get<{ generations: { generation: number; current: boolean; takenBack?: string }[] }>("generations");
    expect(generations.map(({ generation, current, takenBack }) => [generation, current, takenBack !== undefined])).to.deep.equal([
      [2, false, true],
      [1, true, false],
    ]);
    folder.write("my-plugins/shout.ts", broken);
    await cli.line(/^trying generation 3 /);
    expect(cli.lines.filter((line) => /^(reloaded|refused)/.test(line))).to.deep.equal([]);
  });

  it("that succeeds applies to all sessions, and prints the same line as a save", async () => {
    const open = await start("{ share: 0.1, for: 300 }");
    folder.write("my-plugins/shout.ts", shout("B"));
    await cli.line(/^trying generation 2 on 10% of the sessions of echo for 0\.3 s$/);
    await cli.line(/^reloaded generation 2$/);
    for (const socket of open) {
      await says(socket, "Bx");
    }
  });

  it("is ended early by the API: it is accepted, or the previous config comes back", async () => {
    const open = await start("true");
    folder.write("my-plugins/shout.ts", shout("B"));
    await cli.line(/^trying generation 2 on 10% of the sessions of echo for 10 s$/);
    const { trial, generation } = await api.get<{ generation: number; trial: { generation: number } }>("status");
    expect([generation, trial.generation]).to.deep.equal([1, 2]);
    expect((await api.call("POST", "generations/3/accept", { json: {} })).status).to.equal(404);
    expect((await api.call("POST", "generations/2/restore", { json: {} })).status).to.equal(409);
    const { value } = await api.call<{ generation: number }>("POST", "generations/2/accept", { json: {} });
    expect(value.generation).to.equal(2);
    await cli.line(/^reloaded generation 2$/);
    for (const socket of open) {
      await says(socket, "Bx");
    }
    folder.write("my-plugins/shout.ts", shout("C"));
    await cli.line(/^trying generation 3 /);
    await says(open[0], "Cx");
    expect((await api.call("POST", "generations/2/restore", { json: {} })).status).to.equal(200);
    await cli.line(/^taken back: generation 3: generation 2 was restored$/);
    await says(open[0], "Bx");
  });
});
