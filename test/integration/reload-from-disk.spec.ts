import { expect } from "chai";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";
import { connect } from "../support/sockets.ts";

const config = configText('web: { listen: "tcp://127.0.0.1:0", plugins: [mark(), echo()] }', 'import { mark } from "./mark.ts";');
const marking = (text: string, imports = ""): string => `import { definePlugin } from "sluice";
import { each } from "sluice/flow";
${imports}
export const mark = definePlugin("mark", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(${text}), chunk]))) }));
`;
const start = { "proxy.config.ts": config, "mark.ts": marking('"a"') };

describe("A save", () => {
  it("of a plugin's own source takes effect on an open connection", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      expect(await exchange(open, "1", 2)).to.equal("a1");
      for (const letter of ["b", "c", "d"]) {
        expect((await folder.outcomeOf(() => folder.write("mark.ts", marking(`"${letter}"`)))).type).to.equal("reloaded");
        expect(await exchange(open, "1", 2)).to.equal(`${letter}1`);
      }
      open.destroy();
    });
  });

  it("of a module that only a plugin imports takes effect too", async () => {
    const files = {
      ...start,
      "mark.ts": marking("letter", 'import { letter } from "./letter.ts";'),
      "letter.ts": 'export const letter = "x";\n',
    };
    await withLiveConfig(files, async (folder) => {
      const open = await connect(folder.port("web"));
      expect(await exchange(open, "1", 2)).to.equal("x1");
      await folder.outcomeOf(() => folder.write("letter.ts", 'export const letter = "y";\n'));
      expect(await exchange(open, "1", 2)).to.equal("y1");
      open.destroy();
    });
  });

  it("of a missing module applies the config that imports it", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      const importing = marking("letter", 'import { letter } from "./letter.ts";');
      expect((await folder.outcomeOf(() => folder.write("mark.ts", importing))).type).to.equal("refused");
      expect((await folder.outcomeOf(() => folder.write("letter.ts", 'export const letter = "z";\n'))).type).to.equal("reloaded");
      expect(await exchange(open, "1", 2)).to.equal("z1");
      open.destroy();
    });
  });

  it("takes effect when an editor replaces the file with a new file by a rename", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      for (const letter of ["b", "c"]) {
        const outcome = await folder.outcomeOf(() => {
          folder.write(".mark.ts.swp", marking(`"${letter}"`));
          renameSync(join(folder.folder, ".mark.ts.swp"), join(folder.folder, "mark.ts"));
        });
        expect(outcome.type).to.equal("reloaded");
        expect(await exchange(open, "1", 2)).to.equal(`${letter}1`);
      }
      open.destroy();
    });
  });

  it("takes effect when a symlink is changed, as Kubernetes does with its volumes", async () => {
    await withLiveConfig(start, async (folder) => {
      const at = (name: string): string => join(folder.folder, name);
      const volume = (name: string, letter: string): void => {
        mkdirSync(at(name));
        writeFileSync(join(at(name), "mark.ts"), marking(`"${letter}"`));
      };
      volume("volume-1", "b");
      volume("volume-2", "c");
      const open = await connect(folder.port("web"));
      await folder.outcomeOf(() => {
        symlinkSync("volume-1", at("data"));
        rmSync(at("mark.ts"));
        symlinkSync("data/mark.ts", at("mark.ts"));
      });
      await eventually(async () => expect(await exchange(open, "1", 2)).to.equal("b1"));
      await folder.outcomeOf(() => {
        symlinkSync("volume-2", at("data.new"));
        renameSync(at("data.new"), at("data"));
      });
      await eventually(async () => expect(await exchange(open, "1", 2)).to.equal("c1"));
      open.destroy();
    });
  });

  it("that changes nothing creates no plugin again", async () => {
    const counting = "const counts = globalThis as unknown as { sluiceTestSetups?: number };";
    const plugin = `import { definePlugin } from "sluice";
export const mark = definePlugin("mark", () => ({ setup: () => { ${counting} counts.sluiceTestSetups = (counts.sluiceTestSetups ?? 0) + 1; } }));
`;
    const counts = globalThis as unknown as { sluiceTestSetups?: number };
    delete counts.sluiceTestSetups;
    await withLiveConfig({ "proxy.config.ts": config, "mark.ts": plugin }, async (folder) => {
      expect(counts.sluiceTestSetups).to.equal(1);
      await folder.apply(`${config}// a remark\n`);
      expect(counts.sluiceTestSetups, "after a save of a remark").to.equal(1);
      await folder.live.reload();
      expect(counts.sluiceTestSetups, "after a reload that was asked for").to.equal(2);
    });
    delete counts.sluiceTestSetups;
  });

  it("is not lost among twenty quick saves: the newest one is applied", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      for (let at = 0; at < 20; at += 1) {
        folder.write("mark.ts", marking(`"${String.fromCharCode(97 + at)}"`));
        // Some saves fall together, some into a load that is under way.
        if (at % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 25));
      }
      await eventually(async () => expect(await exchange(open, "1", 2)).to.equal("t1"), { within: 10_000 });
      const seen = folder.outcomes.length;
      expect(seen).to.be.at.least(1).and.at.most(20);
      expect(folder.outcomes.every(({ type }) => type === "reloaded")).to.equal(true);
      expect(folder.proxy.generation).to.equal(1 + seen);
      open.destroy();
    });
  });

  it("waits for its turn among requested reloads, which run one at a time", async () => {
    await withLiveConfig(start, async ({ live, proxy }) => {
      const reports = await Promise.all(Array.from({ length: 10 }, () => live.reload()));
      expect(reports.map(({ generation }) => generation)).to.deep.equal([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(proxy.generation).to.equal(11);
    });
  });
});
