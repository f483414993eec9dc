import { expect } from "chai";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";

import { Live } from "../../core/admin/operations/live.ts";
import { operationNamed, perform } from "../../core/admin/operations/operations.ts";
import { configText, withLiveConfig, type LiveFolder } from "../support/live-config.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { refusalOf } from "../support/rejection.ts";

const imports = `import { z } from "zod";
const mark = definePlugin("mark", ({ text }) => ({ fromClient: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from(text), chunk]))) }), z.object({ text: z.string().default("A") }));
const slow = process.argv.length > 99;
const shared = mark();
const made = (text) => mark({ text });`;

const listener = (plugins: string, name = "echo"): string =>
  `${name}: { listen: "tcp://127.0.0.1:0", /* here */ plugins: [ ${plugins} , echo() ] }, // there\n`;

interface Written {
  readonly enabled: boolean;
  readonly overridden: boolean;
  readonly reload: { readonly generation: number };
}

function calls({ live, proxy }: LiveFolder) {
  const call = (name: string, input: object): Promise<unknown> => perform(operationNamed(name), new Live(proxy, live), input);
  const place = { listener: "echo", plugin: "mark" };
  return {
    override: (change: object) => call("toggle_plugin", { ...place, ...change }),
    write: () => call("write_override", place) as Promise<Written>,
    refusal: () => refusalOf(call("write_override", place)),
  };
}

describe("POST overrides/{listener}/{plugin}/write", function () {
  this.timeout(30_000);

  it("writes `enabled` into the file, keeps everything else, applies the file, and removes the override", () =>
    withLiveConfig({ "proxy.config.ts": configText(listener("mark()"), imports) }, async (folder) => {
      const { override, write } = calls(folder);
      chmodSync(folder.file, 0o640);
      const open = await connect(folder.port("echo"));
      try {
        const says = async (answer: string): Promise<void> => {
          open.write("x");
          expect(String(await readBytes(open, answer.length))).to.equal(answer);
        };
        await override({ enabled: false });
        await says("x");
        const off = await write();
        expect([off.enabled, off.overridden, off.reload.generation]).to.deep.equal([false, false, 3]);
        expect(readFileSync(folder.file, "utf8")).to.equal(configText(listener("mark({ enabled: false })"), imports));
        expect(folder.proxy.steering.overrides).to.deep.equal([]);
        await says("x");
        await override({ enabled: true });
        await says("Ax");
        expect((await write()).enabled).to.equal(true);
        expect(readFileSync(folder.file, "utf8")).to.equal(configText(listener("mark({ enabled: true })"), imports));
        await says("Ax");
        // Written once, and applied once: the watcher has nothing to add before the next save.
        await folder.apply(configText(listener('mark({ text: "B" })'), imports));
        await says("Bx");
        expect(folder.outcomes.map((each) => each.type === "reloaded" && each.generation)).to.deep.equal([2, 3, 4, 5, 6]);
        expect(statSync(folder.file).mode & 0o777).to.equal(0o640);
        expect(readdirSync(folder.folder)).to.deep.equal(["proxy.config.ts"]);
      } finally {
        open.destroy();
      }
    }));

  const refused: readonly (readonly [what: string, listeners: string, message: string])[] = [
    ["a computed enabled", listener("mark({ enabled: !slow })"), "`enabled: !slow`"],
    ["a variable", listener("shared"), "`shared` is no call"],
    ["a condition", listener("slow ? echo() : mark()"), "is no call of a plugin"],
    ["a spread", listener("...[mark()]"), "...[mark()]"],
    ["a helper's argument", listener('made("A")'), "no object literal"],
    ["a helper that ignores it", listener("(() => mark())()"), "would not change it"],
    ["a use that two listeners have", `...Object.fromEntries([]), ${listener("shared")} ${listener("shared", "other")}`, "no call"],
  ];
  for (const [what, listeners, message] of refused)
    it(`is refused with the reason, and changes nothing, for ${what}`, () =>
      withLiveConfig({ "proxy.config.ts": configText(listeners, imports) }, async (folder) => {
        const { override, refusal } = calls(folder);
        await override({ enabled: false });
        const { code, message: said } = await refusal();
        expect(code).to.equal("SLUICE_ADMIN_CONFLICT");
        expect(said).to.include(message).and.include(folder.file);
        expect(readFileSync(folder.file, "utf8")).to.equal(configText(listeners, imports));
        expect([folder.proxy.generation, folder.proxy.steering.overrides.length]).to.deep.equal([2, 1]);
      }));

  it("is refused for the common plugins of several listeners, and succeeds if there is one listener", () =>
    withLiveConfig(everywhere(listener("") + listener("", "other")), async (folder) => {
      const { override, refusal, write } = calls(folder);
      await override({ enabled: false });
      expect((await refusal()).message).to.include("shared with other listeners (other)");
      await folder.apply(everywhere(listener(""))["proxy.config.ts"]);
      expect((await write()).enabled).to.equal(false);
      expect(readFileSync(folder.file, "utf8")).to.include("plugins: [mark({ enabled: false })]");
    }));

  it("is refused without an override, and for an override with options", () =>
    withLiveConfig({ "proxy.config.ts": configText(listener("mark()"), imports) }, async (folder) => {
      const { override, refusal } = calls(folder);
      expect((await refusal()).code).to.equal("SLUICE_ADMIN_UNKNOWN");
      await override({ enabled: false, options: { text: "C" } });
      const { code, message } = await refusal();
      expect([code, message.includes("has options")]).to.deep.equal(["SLUICE_ADMIN_CONFLICT", true]);
    }));

  it("is not needed if a manual save has the same effect: the override is removed", () =>
    withLiveConfig({ "proxy.config.ts": configText(listener("mark()"), imports) }, async (folder) => {
      await calls(folder).override({ enabled: false });
      await folder.apply(configText(listener("mark({ enabled: false })"), imports));
      expect(folder.proxy.steering.overrides).to.deep.equal([]);
      await folder.apply(configText(listener("mark({ enabled: true })"), imports));
      const open = await connect(folder.port("echo"));
      try {
        open.write("x");
        expect(String(await readBytes(open, 2))).to.equal("Ax");
      } finally {
        open.destroy();
      }
    }));
});

function everywhere(listeners: string): { readonly "proxy.config.ts": string } {
  const text = configText(listeners.replaceAll(" , echo()", "echo()"), imports);
  return { "proxy.config.ts": text.replace("defineConfig({ listeners", "defineConfig({ plugins: [mark()], listeners") };
}
