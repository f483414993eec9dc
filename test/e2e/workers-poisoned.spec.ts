import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { closeOf, readAll } from "../support/sockets.ts";
import { pidOf, Workers } from "../support/workers.ts";

/** The first client that comes while there is the file `poison` blocks its worker for ever, before any of its bytes is read. */
const config = `
import { renameSync, writeFileSync } from "node:fs";
import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const poisoned = (): boolean => {
  try {
    renameSync("poison", "poisoned");
    return true;
  } catch {
    return false;
  }
};
const hang = definePlugin("hang", () => ({
  admit: (arrival) => {
    if (!poisoned()) return arrival;
    writeFileSync("hanging", String(process.pid));
    // Blocks like an endless loop, but leaves the processor to other tests.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return arrival;
  },
  fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(\`\${process.pid} \`), chunk]))),
}));
export default defineConfig({
  workers: 2,
  listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [hang(), echo()] } },
});
`;

describe("a connection of which a worker dies", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  after(() => cleanup.run());

  it("ends with it, and is not given to the next worker; those behind it are", async () => {
    const folder = createCliFolder(cleanup);
    const workers = await Workers.start(cleanup, config, folder);
    folder.write("poison", "");
    const poison = await workers.open("echo");
    poison.write("x");
    const marker = join(folder.path, "hanging");
    await eventually(() => expect(existsSync(marker) && readFileSync(marker, "utf8")).to.match(/^\d+$/));
    const hanging = Number(readFileSync(marker, "utf8"));
    const behind = await Promise.all(Array.from({ length: 6 }, () => workers.open("echo")));
    const answers = Promise.all(
      behind.map(async (socket) => {
        socket.end("x");
        return String(await bounded(readAll(socket, 60_000), "an answer", 60_000));
      }),
    );
    process.kill(hanging, "SIGKILL");
    await closeOf(poison, 30_000);
    expect(poison.bytesRead).to.equal(0);
    for (const answer of await answers)
      expect(answer)
        .to.match(/^\d+ x$/)
        .and.not.equal(`${hanging} x`);
    await workers.cli.error(/"msg":"a worker serves in place of one that died"/);
    expect(await pidOf(await workers.open("echo"))).to.not.equal(hanging);
  });
});
