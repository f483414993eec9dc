import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type CliFolder } from "../support/cli.ts";
import { strangersEnvironment as env } from "../support/packed-tarball.ts";
import { readText, root } from "../support/repository.ts";
import { connect, readBytes } from "../support/sockets.ts";

const page = readText("docs/tutorial.md");
/** The contents of each file, by its name, as the page gives them one after the other. */
const contents = (file: string): string => new RegExp(`^\`${file}\`:\n\n\`\`\`ts\n(.*?)^\`\`\``, "ms").exec(page)?.[1] ?? "";
const onFreePort = (text: string): string => text.replace("127.0.0.1:7000", "127.0.0.1:0");

describe("the tutorial", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  let folder: CliFolder;

  beforeEach(() => {
    folder = createCliFolder(cleanup);
    folder.write("package.json", '{ "type": "module" }');
    folder.write("my-plugins/redact.ts", contents("my-plugins/redact.ts"));
    folder.write("my-plugins/redact.test.ts", contents("my-plugins/redact.test.ts"));
    mkdirSync(join(folder.path, "node_modules"));
    symlinkSync(root, join(folder.path, "node_modules/sluice"), "junction");
    for (const name of ["zod", "rxjs"]) symlinkSync(join(root, "node_modules", name), join(folder.path, "node_modules", name), "junction");
  });
  afterEach(() => cleanup.run());

  it("has a config and a plugin that do what its text says, also after the save", async () => {
    const first = onFreePort(contents("proxy.config.ts"));
    const [, line = ""] = /In `proxy.config.ts`:\n\n```ts\n(.*?)\n```/s.exec(page) ?? [];
    expect(line).to.include("web:");
    folder.write("proxy.config.ts", first);
    const cli = startCli(cleanup, folder, ["start"]);
    const { web = 0 } = await cli.ready();
    const open = cleanup.keep(await connect(web));
    const says = async (text: string): Promise<string> => {
      open.write(`${text}\n`);
      return String(await readBytes(open, text.length + 1)).trimEnd();
    };
    expect(await says("card 123456789012")).to.equal("card ************");
    const second = first.replace(/^ +web: .*$/m, onFreePort(line));
    expect(second).to.not.equal(first);
    folder.write("proxy.config.ts", second);
    await cli.line(/^reloaded generation 2$/);
    expect(await says("pin 1234")).to.equal("pin ****");
  });

  it("has a test that passes, and that fails with the wrong plugin of its warning", async () => {
    const run = (): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, ["--import", "sluice/register", "--test", "my-plugins/redact.test.ts"], {
        cwd: folder.path,
        env,
      });
    expect((await run()).stdout).to.match(/fail 0/);
    const [, careless = ""] = /with\n`(each\(.*?\)\)\))`: the message/s.exec(page) ?? [];
    const wrong = contents("my-plugins/redact.ts")
      .replace(/replaceBytes\(new.*?^ {8}\)/ms, careless)
      .replace("{ replaceBytes }", "{ each }");
    expect(wrong).to.include("each((chunk)");
    folder.write("my-plugins/redact.ts", wrong);
    const { stdout } = await run().catch((error: unknown) => error as { stdout: string });
    expect(stdout).to.match(/fail [1-9]/);
    expect(stdout).to.match(/cut at byte \d+/);
  });
});
