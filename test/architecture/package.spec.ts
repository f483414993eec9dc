import { expect } from "chai";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { installPacked, type PackedPackage } from "../support/packed-package.ts";
import { root } from "../support/repository.ts";

const config = `import { defineConfig } from "sluice";
import { echo } from "sluice/plugins";

export default defineConfig({ listeners: { echo: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
`;

// Prints what is loaded by import, by the name of its file, then what is loaded by require. A command ends the process itself.
const loaded = `
  import { writeSync } from "node:fs";
  import { createRequire, register } from "node:module";
  const hooks = 'import { writeSync } from "node:fs"; export function load(url, context, next) { writeSync(1, url + "\\\\n"); return next(url, context); }';
  register("data:text/javascript," + encodeURIComponent(hooks));
  process.on("exit", () => writeSync(1, Object.keys(createRequire(import.meta.url).cache).join("\\n") + "\\n"));
  await import(process.argv.splice(2, 1)[0]);
`;

describe("the packed package, installed in an empty folder", function () {
  this.timeout(600_000);
  let installed: PackedPackage;
  let folder: string;
  let run: PackedPackage["run"];

  before(async () => {
    installed = await installPacked();
    ({ folder, run } = installed);
  });

  after(() => installed.remove());

  const namesOf = async (specifier: string): Promise<string[]> => {
    const script = `import * as all from ${JSON.stringify(specifier)}; console.log(JSON.stringify(Object.keys(all)));`;
    return JSON.parse(await run(process.execPath, "--input-type=module", "--eval", script)) as string[];
  };

  it("has all entry points", async () => {
    expect(await namesOf("sluice")).to.include.members(["defineConfig", "createProxy", "definePlugin", "SluiceError", "LOGGER", "OPTIONS"]);
    expect(await namesOf("sluice/plugins")).to.include.members(["dnsCache", "echo", "logging", "rateLimit", "retry", "tlsTermination"]);
    expect(await namesOf("sluice/codec")).to.include.members(["messages", "lines", "lengthPrefixed", "frames"]);
    expect(await namesOf("sluice/flow")).to.include.members(["each", "delayBytes", "throttleBytes", "hold"]);
  });

  /** Every file that a program which imports only this, or the command with its arguments, loads, relative to node_modules. */
  async function filesLoadedBy(entryPoint: string): Promise<string[]> {
    writeFileSync(join(folder, "loaded.mjs"), loaded);
    const words = entryPoint.replace("$ sluice", command).split(" ");
    const printed = await run(process.execPath, "loaded.mjs", ...words);
    return printed.split("\n").flatMap((file) => file.split("/node_modules/").slice(1, 2));
  }

  const command = "./node_modules/sluice/dist/core/cli/main.js";
  const noDashboard = /^sluice\/dist\/core\/(cli|admin\/page)\//;
  const noTracing = /^@opentelemetry\//;
  const noCertificates = /^(@peculiar|selfsigned|asn1js)\//;
  const notYet = /^(@modelcontextprotocol|@swc|acorn|cac|dns-packet|prom-client|yaml)\//;
  const noRedis = /^@redis\/|^sluice\/dist\/plugins\/rate-limit\/redis\//;
  const onlyArguments =
    /^(?!(cac|picocolors)\/|sluice\/(package\.json|dist\/core\/(cli|config\/(check|explain|files)|contract\/(config|errors|options)|runtime\/log)\/))/;
  const entryPoints: Readonly<Record<string, readonly RegExp[]>> = {
    "sluice/plugins": [noRedis, noTracing, noCertificates, notYet],
    "sluice/testing": [noDashboard, noRedis, noTracing, noCertificates, notYet, /^sluice\/dist\/plugins\/(?!testing\.js|recording\/)/],
    "sluice/faults": [noDashboard, noRedis],
    "sluice/codec": [noDashboard, noRedis, /^sluice\/dist\/(plugins|core\/(net|runtime|config|admin|testing))\//],
    "sluice/redis": [noDashboard, /^@redis\//],
    "sluice/flow": [noDashboard, noRedis, /^sluice\/dist\/(plugins|core\/(net|runtime|config|admin|testing|codec))\//],
    sluice: [noDashboard, noRedis, noTracing, noCertificates, notYet, /^sluice\/dist\/(plugins|core\/(testing|codec))\//],
    "$ sluice --version": [onlyArguments],
    "$ sluice --help": [onlyArguments],
  };

  for (const [entryPoint, unwanted] of Object.entries(entryPoints))
    it(`loads ${entryPoint} with only the modules that it needs`, async () => {
      const files = await filesLoadedBy(entryPoint);
      expect(files.filter((file) => file.startsWith("sluice/dist/"))).to.not.deep.equal([]);
      expect(files.filter((file) => unwanted.some((pattern) => pattern.test(file)))).to.deep.equal([]);
    });

  it("loads Redis when it is configured, and says what to install when it is missing", async () => {
    expect(await namesOf("sluice/redis")).to.deep.equal(["redis"]);
    installed.hide("@redis/client");
    const limited = config
      .replace("echo }", "echo, rateLimit }")
      .replace("[echo()]", "[rateLimit({ connections: { rate: 1 }, store: redis() }), echo()]");
    writeFileSync(join(folder, "proxy.config.ts"), `import { redis } from "sluice/redis";\n${limited}`);
    const failure = await run(command, "check").then(
      () => "",
      (error: unknown) => String((error as { stderr?: string }).stderr),
    );
    expect(failure).to.include("npm install @redis/client");
    rmSync(join(folder, "proxy.config.ts"));
  });

  it("loads OpenTelemetry when tracing is configured, and says what to install when it is missing", async () => {
    installed.hide("@opentelemetry/sdk-trace-base");
    writeFileSync(join(folder, "proxy.config.ts"), config.replace("echo }", "echo, tracing }").replace("[echo()]", "[tracing(), echo()]"));
    const failure = await run(command, "check").then(
      () => "",
      (error: unknown) => String((error as { stderr?: string }).stderr),
    );
    expect(failure).to.include("SLUICE_PACKAGE_MISSING").and.include("npm install @opentelemetry/api@1.9 ");
    rmSync(join(folder, "proxy.config.ts"));
  });

  it("has the command, which prints its version and checks a config", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
    expect(await run("npx", "--no-install", "sluice", "--version")).to.include(version);
    writeFileSync(join(folder, "proxy.config.ts"), config);
    await run(command, "check");
  });

  it("does not read the source maps of packages, of which there are hundreds", async () => {
    const shown = `console.log("mapped", [import.meta.resolve("sluice/plugins"), import.meta.url].map((url) => findSourceMap(url) !== undefined));`;
    writeFileSync(join(folder, "proxy.config.ts"), `import { findSourceMap } from "node:module";\n${config}${shown}`);
    expect(await run(process.execPath, command, "check")).to.include("mapped [ false, true ]");
    rmSync(join(folder, "proxy.config.ts"));
  });

  it("writes with init a config that check accepts, and names the packages that it needs", async () => {
    rmSync(join(folder, "proxy.config.ts"), { force: true });
    await run(command, "init");
    // That tsc accepts it, and the class plugin too, is in init.spec.ts.
    copyFileSync(join(root, "docs/examples/counted.ts"), join(folder, "counted.ts"));
    await run(command, "check");
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      dependencies: Record<string, string>;
    };
    expect(manifest.name).to.equal("empty");
    expect(manifest.dependencies).to.include.keys("sluice", "rxjs", "zod");
  });

  it("has the documents that it links to, and the documents that these link to", () => {
    const packed = join(folder, "node_modules/sluice");
    const pages = ["README.md", ...readdirSync(join(packed, "docs"), { recursive: true }).map((name) => join("docs", String(name)))];
    const broken = pages
      .filter((page) => page.endsWith(".md"))
      .flatMap((page) =>
        Array.from(readFileSync(join(packed, page), "utf8").matchAll(/\]\(([^)#\s]+)/g), ([, link = ""]) => [page, link] as const),
      )
      .filter(([page, link]) => !link.startsWith("http") && !existsSync(join(packed, dirname(page), link)));
    expect(broken).to.deep.equal([]);
  });

  it("contains the product and its sources, and no compiled tests", async () => {
    const files = await run(
      process.execPath,
      "--eval",
      'console.log(require("node:fs").readdirSync("node_modules/sluice/dist").join(" "))',
    );
    expect(files.split(" ").toSorted()).to.deep.equal(["core", "plugins"]);
  });
});
