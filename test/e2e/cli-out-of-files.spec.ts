import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, runCli, startCliAfter } from "../support/cli.ts";
import { exchange } from "../support/exchange.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { hasProcessTable } from "../support/process-table.ts";
import { connect } from "../support/sockets.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A session on `greedy` holds every descriptor but one as long as it is open, so that a connection is accepted and no file can be opened. */
const config = `import { defineConfig, definePlugin } from "sluice";
import { echo } from "sluice/plugins";
import { closeSync, openSync } from "node:fs";
import { finalize, tap } from "rxjs";
const taken = [];
const take = () => { try { for (;;) taken.push(openSync("/dev/null", "r")); } catch { closeSync(taken.pop()); } };
const giveBack = () => { for (const each of taken.splice(0)) closeSync(each); };
const greedy = definePlugin("greedy", () => ({ fromClient: (data) => data.pipe(tap(take), finalize(giveBack)) }));
export default defineConfig({
  admin: { listen: "tcp://127.0.0.1:0", metrics: "open" },
  listeners: { greedy: { listen: "tcp://127.0.0.1:0", plugins: [greedy(), echo()] } },
});
`;

describe("A proxy that was out of file descriptors for a moment", function () {
  this.timeout(120_000);

  it("shows its state and its metrics again, though it was asked for them first in that moment", async function () {
    if (!hasProcessTable) this.skip();
    const folder = createCliFolder(cleanup);
    folder.write("proxy.config.ts", config);
    const cli = startCliAfter("ulimit -n 256", cleanup, folder);
    const { greedy: port = 0 } = await cli.ready();
    const admin = Number(/^admin http:.*:(\d+)\//m.exec(cli.lines.join("\n"))?.[1]);
    const holder = await connect(port);
    cleanup.add(() => void holder.destroy());
    expect(await exchange(holder, "take")).to.equal("take");
    await runCli(cleanup, folder, "status");
    await ask(admin, { path: "/metrics" }).catch(() => undefined);
    holder.destroy();
    await eventually(async () => expect((await ask(admin, { path: "/metrics" })).status).to.equal(200));
    expect(await runCli(cleanup, folder, "status")).to.include({ code: 0 });
    expect(await runCli(cleanup, folder, "reload")).to.include({ code: 0 });
  });
});
