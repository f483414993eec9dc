import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SluiceError } from "../../../../core/contract/index.ts";
import type { CommandForm } from "../../../../core/cli/arguments/command-form.ts";
import { checkAdmin } from "../../../../core/cli/arguments/admin-flag.ts";
import { parseCommandLine } from "../../../../core/cli/arguments/command-line.ts";
import { refusalOf } from "../../../support/rejection.ts";
import { commands } from "../../../../core/cli/commands/table.ts";

describe("the command line", () => {
  const defaults = {
    config: "proxy.config.ts",
    passedOver: [],
    allowUnsafe: false,
    json: false,
    watch: true,
    logLevel: undefined,
  };

  const parse = (...argv: readonly string[]) => parseCommandLine(argv, commands);

  /** What all commands share of the options: without the arguments that one command alone reads. */
  const sharedBy = (...argv: readonly string[]) => {
    const { raw: _, ...shared } = parse(...argv)?.options ?? {};
    return shared;
  };

  it("has defaults: proxy.config.ts, watched, for people", () => {
    expect(parse("start")?.command).to.equal("start");
    expect(sharedBy("start")).to.deep.equal(defaults);
  });

  it("takes what looks like a number as it was typed", () => {
    const { words, options } =
      parse("forward", "07001", "localhost:3000", "--tls", "1.0", "--record=007", "--latency", "1e3", "--log=")?.options.raw ?? {};
    expect(words).to.deep.equal(["07001", "localhost:3000"]);
    expect(options).to.include({ tls: "1.0", record: "007", latency: "1e3", log: "" });
    expect(sharedBy("start", "-c", "0x10")).to.include({ config: "0x10" });
    expect(sharedBy("start", "-c=1.50")).to.include({ config: "1.50" });
    expect(() => parse("status", "007", "08")).to.throw(SluiceError, 'expected sluice status [config], got also "08"');
  });

  it("takes the config that is there, in a fixed order, and knows what it passes over", () => {
    const [folder, before] = [mkdtempSync(path.join(tmpdir(), "sluice-line-")), process.cwd()];
    process.chdir(folder);
    try {
      for (const name of ["json", "cjs", "mjs", "js", "cts", "mts", "ts"]) {
        writeFileSync(`proxy.config.${name}`, "");
        expect(parse("check")?.options.config).to.equal(`proxy.config.${name}`);
      }
      expect(parse("check")?.options.passedOver).to.have.length(6);
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });

  it("takes a config without -c, and the permission for one that others may write", () => {
    expect(sharedBy("check", "a.ts")).to.deep.equal({ ...defaults, config: "a.ts" });
    for (const command of ["start", "check", "plan"])
      expect(sharedBy(command, "a.ts", "--allow-unsafe-config"), command).to.deep.include({ config: "a.ts", allowUnsafe: true });
  });

  it("reads -c and --config, --no-watch and --json", () => {
    expect(sharedBy("start", "-c", "a.ts", "--no-watch")).to.deep.equal({ ...defaults, config: "a.ts", watch: false });
    expect(sharedBy("status", "--config=b.ts", "--json")).to.deep.equal({ ...defaults, config: "b.ts", json: true });
    expect(sharedBy("start", "--log-level", "debug")).to.deep.equal({ ...defaults, logLevel: "debug" });
  });

  it("hands a command its own arguments, and takes the config of such a command with -c alone", () => {
    const { config, raw } = parse("toggle", "web/echo", "off", "-c", "a.ts")?.options ?? {};
    expect({ config, words: raw?.words }).to.deep.equal({ config: "a.ts", words: ["web/echo", "off"] });
    expect(parse("trust", "--stores", "nss")?.options.raw.options).to.deep.include({ stores: "nss" });
    expect(parse("toxiproxy", "-c", "proxies.json")?.options).to.deep.include({ config: "proxy.config.ts", passedOver: [] });
  });

  it("takes what stands after -- as arguments, whatever it begins with", () => {
    expect(sharedBy("check", "--", "a.ts")).to.include({ config: "a.ts" });
    expect(parse("replay", "a.rec", "--", "-b.rec", "007")?.options.raw.words).to.deep.equal(["a.rec", "-b.rec", "007"]);
  });

  it("takes the values of switches, and the forms of the address of --admin", () => {
    expect(sharedBy("start", "--watch=false")).to.include({ watch: false });
    for (const [given, listen] of [
      ["9901", "tcp://9901"],
      ["[::1]:9901", "tcp://[::1]:9901"],
      ["TCP://localhost:0", "TCP://localhost:0"],
      ["unix:///run/a.sock", "unix:///run/a.sock"],
    ])
      expect(parse("start", `--admin=${given}`)?.options.admin, given).to.deep.equal({ listen });
  });

  const addresses: readonly (readonly [string, string])[] = [
    ["1:2:3", '--admin: expected "host:port", or "[address]:port" for IPv6 (in brackets), got "tcp://1:2:3"'],
    ["127.0.0.1:99999", '--admin: expected a port from 0 to 65535, got "99999" in "tcp://127.0.0.1:99999"'],
    ["*:9900", '--admin: expected 0.0.0.0 or [::] for every address, got "*" in "tcp://*:9900"'],
    ["unix://run/a", '--admin: expected an absolute path such as unix:/run/app.sock, got "unix://run/a"'],
  ];
  for (const [given, message] of addresses) {
    it(`blames the address ${given} on --admin`, async () => {
      const { admin = {} } = parse("start", `--admin=${given}`)?.options ?? {};
      expect(await refusalOf(checkAdmin(admin))).to.include({ code: "SLUICE_USAGE", detail: message });
    });
  }

  for (const [name, { takes, options }] of Object.entries<CommandForm>(commands)) {
    it(`"${name}" refuses each option that is given twice, and each value that is missing or too much`, () => {
      for (const [form] of options) {
        const long = /--[\w-]+/.exec(form)?.[0] ?? "";
        const isSwitch = !/[<[]/.test(form);
        const value = isSwitch ? long : `${long}=9`;
        if (!long.startsWith("--no-")) expect(() => parse(name, value, value), form).to.throw(`${long} was given more than once`);
        if (isSwitch) expect(() => parse(name, `${long}=x`), form).to.throw(`${long}: expected no value, got "x"`);
        if (form.includes("<")) for (const empty of [long, `${long}=`]) expect(() => parse(name, empty), form).to.throw("value is missing");
      }
    });

    if (takes.includes("...")) continue;
    const most = takes.split(" ").filter((each) => each !== "").length;
    it(`"${name}" refuses more than ${most} arguments, also after --, and shows what it takes`, () => {
      const words = Array.from({ length: most }, (_, at) => `w${at}`);
      for (const surplus of [
        [...words, "x"],
        [...words, "--", "x"],
        ["--", ...words, "x"],
      ])
        expect(() => parse(name, ...surplus)).to.throw(`expected ${`sluice ${name} ${takes}`.trimEnd()}, got also "x"`);
    });
  }

  const wrong: readonly (readonly [string, string])[] = [
    ["strat", 'unknown command "strat", did you mean "start"?'],
    ["123", 'unknown command "123", expected one of start, check, plan'],
    ["--json", "expected a command: start, check, plan, reload, status, forward, trust, toggle, set, init"],
    ["check --jsno", 'unknown option --jsno, did you mean "--json"?'],
    ["start --wacth", 'unknown option --wacth, did you mean "--no-watch"?'],
    ["start --json", "unknown option --json"],
    ["start --log-level loud", '--log-level: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"'],
    ["start -c", "value is missing"],
    ["start -c a.ts -c b.ts", "-c was given more than once"],
    ["start a.ts b.ts", 'expected sluice start [config], got also "b.ts"'],
    ["start -c a.ts b.ts", "a config was named twice"],
    ["status --allow-unsafe-config", "unknown option --allow-unsafe-config"],
    ["start --logLevl=debug", 'unknown option --logLevl, did you mean "--log-level"?'],
    ["start --no-wtch", "unknown option --no-wtch"],
    ["forward 1 2 --slow-cloze 1s", 'unknown option --slow-cloze, did you mean "--slow-close"?'],
    ["start -x", "unknown option -x"],
    ["start -_ a.ts", "unknown option -_"],
    ["start --__proto__ a.ts", "unknown option --__proto__"],
    ["start --__proto__=a.ts", "unknown option --__proto__"],
    ["forward 1 2 --constructor x", "unknown option --constructor"],
    ["forward 1 2 --no-__proto__.x", "unknown option --no-__proto__.x"],
    ["start --config.x a.ts", "unknown option --config.x"],
    ["start --no-admin", "unknown option --no-admin"],
    ["check --json --json", "--json was given more than once"],
    ["start --log-level info --log-level debug", "--log-level was given more than once"],
    ["start -c a.ts --config b.ts", "--config was given more than once"],
    ["check --json=yes", '--json: expected no value, got "yes"'],
    ["check --allow-unsafe-config=no", '--allow-unsafe-config: expected no value, got "no"'],
    ["start --no-watch=1", '--no-watch: expected no value, got "1"'],
    ["start -c=", "value is missing"],
    ["check -- a.ts b.ts", 'expected sluice check [config], got also "b.ts"'],
    ["start --admin=foo", '--admin: expected host:port, tcp://host:port or unix:///path, got "foo"'],
    ["start --admin=udp://127.0.0.1:9900", '--admin: expected host:port, tcp://host:port or unix:///path, got "udp://127.0.0.1:9900"'],
  ];
  for (const [line, message] of wrong) {
    it(`refuses "${line}" with a hint`, () => {
      expect(() => parse(...line.split(" ")))
        .to.throw(message)
        .and.satisfy((error: unknown) => SluiceError.is(error) && error.code === "SLUICE_USAGE");
    });
  }
});
