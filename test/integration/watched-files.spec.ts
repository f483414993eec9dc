import { expect } from "chai";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { watch } from "sluice";
import { exchange } from "../support/exchange.ts";
import { configText, withLiveConfig } from "../support/live-config.ts";
import { connect } from "../support/sockets.ts";

const listeners = 'web: { listen: "tcp://127.0.0.1:0", plugins: [mark({ text }), echo()] }';
const reading = (expression: string): string =>
  configText(
    listeners,
    `import { existsSync, readFileSync } from "node:fs"; import { watch } from "sluice"; import { mark } from "./plugins/mark.ts";\nconst text = ${expression};`,
  );
const marking = (where: "module" | "factory" | "setup"): string => `import { definePlugin } from "sluice";
import { each } from "sluice/flow";
import { readFileSync } from "node:fs";
import { watch } from "sluice";
const read = () => readFileSync(watch("words.json"), "utf8");
${where === "module" ? "const words = read();" : ""}
export const mark = definePlugin<{ text: string }>("mark", ({ text }) => {
  ${where === "factory" ? "const words = read();" : where === "setup" ? 'let words = "";' : ""}
  return {
    ${where === "setup" ? "setup: async () => { words = read(); }," : ""}
    fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(text + words), chunk]))),
  };
});
`;
const start = {
  "proxy.config.ts": reading(`readFileSync(watch(".env"), "utf8")`),
  ".env": "e",
  "words.json": "w",
  "plugins/mark.ts": marking("module"),
};

describe("A file that a config reads", () => {
  for (const expression of [
    `readFileSync(watch(".env"), "utf8")`,
    `readFileSync(watch(new URL("./.env", import.meta.url)), "utf8")`,
    `(await null, readFileSync(watch(import.meta.dirname + "/.env"), "utf8"))`,
  ]) {
    it(`causes a reload when it changes, in place or by a rename: ${expression}`, async () => {
      await withLiveConfig({ ...start, "proxy.config.ts": reading(expression) }, async (folder) => {
        const open = await connect(folder.port("web"));
        expect(await exchange(open, "1", 3)).to.equal("ew1");
        await folder.outcomeOf(() => folder.write(".env", "f"));
        expect(await exchange(open, "1", 3)).to.equal("fw1");
        folder.write("next", "g");
        await folder.outcomeOf(() => renameSync(join(folder.folder, "next"), join(folder.folder, ".env")));
        expect(await exchange(open, "1", 3)).to.equal("gw1");
        open.destroy();
      });
    });
  }

  it("causes a reload when it is created and when it is deleted", async () => {
    const text = reading(`existsSync(watch("later.txt")) ? readFileSync(watch("later.txt"), "utf8") : "-"`);
    await withLiveConfig({ ...start, "proxy.config.ts": text }, async (folder) => {
      const open = await connect(folder.port("web"));
      expect(await exchange(open, "1", 3)).to.equal("-w1");
      await folder.outcomeOf(() => folder.write("later.txt", "l"));
      expect(await exchange(open, "1", 3)).to.equal("lw1");
      await folder.outcomeOf(() => rmSync(join(folder.folder, "later.txt")));
      expect(await exchange(open, "1", 3)).to.equal("-w1");
      open.destroy();
    });
  });

  it("is still watched after a change that was refused, and after a reload that keeps the plugin that read it", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      expect((await folder.outcomeOf(() => rmSync(join(folder.folder, ".env")))).type).to.equal("refused");
      expect(await exchange(open, "1", 3)).to.equal("ew1");
      expect((await folder.outcomeOf(() => folder.write(".env", "h"))).type).to.equal("reloaded");
      expect(await exchange(open, "1", 3)).to.equal("hw1");
      open.destroy();
    });
  });

  for (const where of ["module", "factory", "setup"] as const) {
    it(`reloads a plugin that reads it in its ${where}, also after saves that did not change the plugin`, async () => {
      await withLiveConfig({ ...start, "plugins/mark.ts": marking(where) }, async (folder) => {
        const open = await connect(folder.port("web"));
        expect(await exchange(open, "1", 3)).to.equal("ew1");
        await folder.apply(`${start["proxy.config.ts"]}\n// saved again\n`);
        await folder.outcomeOf(() => folder.write("words.json", "v"));
        expect(await exchange(open, "1", 3)).to.equal("ev1");
        open.destroy();
      });
    });
  }

  it("does not throw when no config is being loaded", () => {
    expect(watch("a.txt")).to.equal(join(process.cwd(), "a.txt"));
    expect(watch("file:///etc/hosts")).to.equal("/etc/hosts");
  });
});
