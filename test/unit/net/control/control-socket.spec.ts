import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SluiceError } from "../../../../core/contract/index.ts";
import { askControl } from "../../../../core/net/control/ask-control.ts";
import { serveControl, type ControlHandler } from "../../../../core/net/control/serve-control.ts";
import { eventOf } from "../../../support/bounded.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { closeOf, connect, readAll } from "../../../support/sockets.ts";

describe("the control socket", () => {
  const cleanup = createCleanup();
  let config: string;

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-control-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    config = join(folder, "proxy.config.ts");
  });
  afterEach(() => cleanup.run());

  const serve = async (handle: ControlHandler): Promise<string> => {
    const server = cleanup.keep(await serveControl(config, handle));
    return server.path;
  };

  const failure = async (asking: Promise<unknown>): Promise<SluiceError> => {
    const error: unknown = await asking.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!SluiceError.is(error)) throw new Error(`expected a SluiceError, got ${String(error)}`);
    return error;
  };

  it("hands a command over and its result back", async () => {
    await serve(async (command) => ({ command, text: "ü\n" }));
    expect(await askControl(config, "status", 5000)).to.deep.equal({ command: "status", text: "ü\n" });
  });

  it("may be opened by its user alone", async () => {
    expect(statSync(await serve(async () => 1)).mode & 0o777).to.equal(0o600);
  });

  it("hands an error over with its code, its words and its code frame", async () => {
    const thrown = new SluiceError("SLUICE_CONFIG_SYNTAX", "expected ;", { where: "a.ts:1:2", frame: "> 1 | a" });
    await serve(() => Promise.reject(thrown));
    const { code, message, frame } = await failure(askControl(config, "reload", 5000));
    expect({ code, message, frame }).to.deep.equal({ code: thrown.code, message: thrown.message, frame: thrown.frame });
  });

  it("says that nothing runs when nobody serves it", async () => {
    expect((await failure(askControl(config, "status", 5000))).code).to.equal("SLUICE_NOT_RUNNING");
  });

  it("gives up on an answer that does not come in time", async () => {
    await serve(() => new Promise(() => undefined));
    const { code, message } = await failure(askControl(config, "status", 20));
    expect(code).to.equal("SLUICE_NOT_ANSWERING");
    expect(message).to.include("no answer within 20 ms");
  });

  it("is served once per config", async () => {
    await serve(async () => 1);
    expect((await failure(serveControl(config, async () => 2))).code).to.equal("SLUICE_ALREADY_RUNNING");
    expect(await askControl(config, "status", 5000), "the first goes on").to.equal(1);
  });

  it("leaves a file alone that is no socket, and is served elsewhere", async () => {
    const beside = join(config, "..", ".proxy.config.ts.sock");
    writeFileSync(beside, "mine");
    expect(await serve(async () => 3)).to.not.equal(beside);
    expect(await askControl(config, "status", 5000)).to.equal(3);
    expect(statSync(beside).isFile()).to.equal(true);
  });

  it("is served once when two start over what a killed process left", async function () {
    this.timeout(60_000);
    for (let round = 0; round < 3; round++) {
      const left = join(config, "..", ".proxy.config.ts.sock");
      const script = `require("node:net").createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, "SIGKILL"))`;
      spawnSync(process.execPath, ["-e", script]);
      expect(statSync(left).isSocket()).to.equal(true);
      const starts = await Promise.allSettled(Array.from({ length: 4 }, () => serveControl(config, async () => 1)));
      const running = starts.filter((each) => each.status === "fulfilled");
      const reasons = starts.flatMap((each) => (each.status === "rejected" ? [(each.reason as SluiceError).code] : []));
      expect(running).to.have.length(1);
      expect(reasons).to.deep.equal(Array.from({ length: 3 }, () => "SLUICE_ALREADY_RUNNING"));
      for (const { value } of running) value.close();
    }
  });

  it("is in a folder of the user's own below XDG_RUNTIME_DIR when the config's folder is not for it, and nobody else may enter that", async () => {
    const before = process.env["XDG_RUNTIME_DIR"];
    cleanup.add(() => {
      if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
      else process.env["XDG_RUNTIME_DIR"] = before;
    });
    const runtime = mkdtempSync(join(tmpdir(), "sluice-runtime-"));
    cleanup.add(() => rmSync(runtime, { recursive: true, force: true }));
    process.env["XDG_RUNTIME_DIR"] = runtime;
    chmodSync(join(config, ".."), 0o777);
    const path = await serve(async () => 4);
    expect(dirname(path)).to.equal(join(runtime, "sluice"));
    expect(statSync(dirname(path)).mode & 0o777).to.equal(0o700);
    expect(await askControl(config, "status", 5000)).to.equal(4);
  });

  it("is not asked, nor in the way, when its file is another user's", async function () {
    if (process.getuid?.() !== 0) this.skip();
    const squatted = join(config, "..", ".proxy.config.ts.sock");
    writeFileSync(config, "");
    const squatter = createServer((socket) => socket.end(`{"ok":true,"result":"\u001b[2J"}\n`)).listen(squatted);
    cleanup.add(() => void squatter.close());
    await eventOf(squatter, "listening");
    chownSync(squatted, 12_345, 12_345);
    expect((await failure(askControl(config, "status", 5000))).code).to.equal("SLUICE_NOT_RUNNING");
    expect(await serve(async () => 5)).to.not.equal(squatted);
    expect(await askControl(config, "status", 5000)).to.equal(5);
  });

  it("says nothing that steers a terminal, whatever answers", async () => {
    const evil = "\u001b[2J\u009b";
    await serve(async (command) => {
      if (command === "status") return { [evil]: [evil, { nested: evil }] };
      throw new SluiceError("SLUICE_CONFIG_SYNTAX", evil, { frame: `> 1 | ${evil}\n    | ^` });
    });
    const { message, frame } = await failure(askControl(config, "reload", 5000));
    for (const text of [JSON.stringify(await askControl(config, "status", 5000)), message, frame])
      expect(text).to.not.include("\u001b").and.not.include("\u009b");
    expect(frame?.split("\n")).to.have.length(2);
  });

  it("answers what is no request with an error, and closes on what is too long", async () => {
    const path = await serve(async () => 1);
    const garbled = cleanup.keep(await connect({ path }));
    garbled.write("hello\n");
    expect(JSON.parse(String(await readAll(garbled)))).to.have.nested.property("error.code", "SLUICE_USAGE");
    const endless = cleanup.keep(await connect({ path }));
    endless.on("end", () => endless.destroy());
    endless.write(Buffer.alloc(70_000, 0x61));
    await closeOf(endless);
    expect(await askControl(config, "status", 5000)).to.equal(1);
  });

  it("survives a client that leaves before the answer", async () => {
    let answer: (value: unknown) => void = () => undefined;
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    let first = true;
    const path = await serve(() => {
      if (!first) return Promise.resolve("fine");
      first = false;
      asked();
      return new Promise((resolve) => (answer = resolve));
    });
    const leaving = await connect({ path });
    leaving.write('{"command":"status"}\n');
    await arrived;
    leaving.destroy();
    answer("x".repeat(1_000_000));
    expect(await askControl(config, "status", 5000)).to.equal("fine");
  });
});
