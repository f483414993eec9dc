import { expect } from "chai";
import { appendFileSync } from "node:fs";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { configText, withLiveConfig, type LiveFolder } from "../support/live-config.ts";
import { connect } from "../support/sockets.ts";

const good = (mark: string): string =>
  configText('web: { listen: "tcp://127.0.0.1:0", plugins: [mark(), echo()] }', `import { mark } from "./mark.ts";\n// ${mark}`);
const markFile = (letter: string): string => `import { definePlugin } from "sluice";
import { each } from "sluice/flow";
export const mark = definePlugin("mark", () => ({ fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([Buffer.from("${letter}"), chunk]))) }));
`;
const start = { "proxy.config.ts": good("one"), "mark.ts": markFile("a") };

/** A config that is refused: with which code, and where the message says it is wrong. */
interface Bad {
  readonly what: string;
  readonly text: string;
  readonly code: string;
  readonly where: RegExp;
}

const bad: readonly Bad[] = [
  {
    what: "a syntax error",
    text: "export default {\n  listeners: {{ }\n};\n",
    code: "SLUICE_CONFIG_SYNTAX",
    where: /proxy\.config\.ts:2:\d+/,
  },
  {
    what: "an import of a file that is missing",
    text: 'import { x } from "./gone.ts";\nexport default x;\n',
    code: "SLUICE_CONFIG_IMPORT",
    where: /proxy\.config\.ts:1:\d+/,
  },
  {
    what: "an import of a package that is missing",
    text: '\nimport x from "sluice-package-that-is-not-there";\nexport default x;\n',
    code: "SLUICE_CONFIG_IMPORT",
    where: /proxy\.config\.ts:2:\d+/,
  },
  {
    what: "code that throws while it loads",
    text: "const port: number = 1;\nthrow new Error(`no good ${port}`);\nexport default {};\n",
    code: "SLUICE_CONFIG_THREW",
    where: /proxy\.config\.ts:2:\d+/,
  },
  {
    what: "an unknown key",
    text: configText('web: { listen: "tcp://127.0.0.1:0", plugin: [echo()] }'),
    code: "SLUICE_CONFIG_INVALID",
    where: /proxy\.config\.ts: listeners\.web\.plugin/,
  },
  {
    what: "an unknown option of a plugin",
    text: configText('web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:1", plugins: [retry({ attemps: 3 } as object)] }'),
    code: "SLUICE_CONFIG_INVALID",
    where: /proxy\.config\.ts: listeners\.web\.plugins\[?\.?0/,
  },
  {
    what: "an option of the wrong type",
    text: configText("web: { listen: 8080 as unknown as string, plugins: [echo()] }"),
    code: "SLUICE_CONFIG_INVALID",
    where: /proxy\.config\.ts: listeners\.web\.listen/,
  },
  { what: "an empty file", text: "", code: "SLUICE_CONFIG_INVALID", where: /proxy\.config\.ts/ },
  { what: "a file without a default export", text: "export const x = 1;\n", code: "SLUICE_CONFIG_INVALID", where: /proxy\.config\.ts/ },
  {
    what: "a call of process.exit()",
    text: "const code = 3;\nprocess.exit(code);\nexport default {};\n",
    code: "SLUICE_CONFIG_THREW",
    where: /proxy\.config\.ts:2:\d+/,
  },
];

/** A save that is refused leaves everything as it was, and the next good one applies. */
async function expectRefusal(folder: LiveFolder, { text, code, where }: Bad): Promise<void> {
  const open = await connect(folder.port("web"));
  expect(await exchange(open, "1", 2)).to.equal("a1");
  const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", text));
  if (outcome.type !== "refused") throw new Error("it was applied");
  expect(outcome.error.code).to.equal(code);
  expect(outcome.error.message).to.match(where);
  expect(await exchange(open, "2", 2), "a connection that was open").to.equal("a2");
  expect(await exchangeOnce(folder.port("web"), "3", 2), "a new connection").to.equal("a3");
  folder.write("mark.ts", markFile("b"));
  await folder.apply(good("two"));
  expect(await exchange(open, "4", 2), "after the next good save").to.equal("b4");
  open.destroy();
}

describe("A config that cannot be used", () => {
  for (const one of bad) {
    it(`is refused with the place of the error, and harms no session: ${one.what}`, async () => {
      await withLiveConfig(start, (folder) => expectRefusal(folder, one));
    });
  }

  it("is refused with an excerpt of the source if the place of the error is a line", async () => {
    await withLiveConfig(start, async (folder) => {
      const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", "export default {\n  listeners: {{ }\n};\n"));
      if (outcome.type !== "refused") throw new Error("it was applied");
      expect(outcome.error.frame).to.include("listeners: {{ }");
    });
  });

  it("is refused with the most similar valid key", async () => {
    await withLiveConfig(start, async (folder) => {
      const text = configText('web: { listen: "tcp://127.0.0.1:0", plugin: [echo()] }');
      const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", text));
      expect(outcome.type === "refused" && outcome.error.message).to.match(/did you mean "?plugins"?/i);
    });
  });

  it("is applied after a writer that stopped in the middle has finished", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      const whole = good("half").replaceAll("echo()]", 'mark({ name: "again" }), echo()]');
      const half = whole.indexOf("plugins:");
      const outcome = await folder.outcomeOf(() => folder.write("proxy.config.ts", whole.slice(0, half)));
      expect(outcome.type).to.equal("refused");
      expect(await exchange(open, "1", 2)).to.equal("a1");
      const finished = await folder.outcomeOf(() => appendFileSync(folder.file, whole.slice(half)));
      expect(finished.type).to.equal("reloaded");
      expect(await exchange(open, "2", 3)).to.equal("aa2");
      open.destroy();
    });
  });

  it("is refused with a place in the imported file, if the error is in that file", async () => {
    await withLiveConfig(start, async (folder) => {
      const open = await connect(folder.port("web"));
      const outcome = await folder.outcomeOf(() => folder.write("mark.ts", 'export const mark = 1;\nthrow new TypeError("not today");\n'));
      expect(outcome.type === "refused" && outcome.error.message).to.match(/mark\.ts:2:\d+: threw TypeError: not today/);
      expect(await exchange(open, "1", 2)).to.equal("a1");
      const fixed = await folder.outcomeOf(() => folder.write("mark.ts", markFile("c")));
      expect(fixed.type).to.equal("reloaded");
      expect(await exchange(open, "2", 2)).to.equal("c2");
      open.destroy();
    });
  });
});
