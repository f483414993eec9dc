import { expect } from "chai";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceError } from "../../../core/contract/index.ts";
import { askControl, serveControl, type ControlHandler } from "../../../core/net/control-socket.ts";
import { createCleanup } from "../../support/cleanup.ts";
import { closeOf, connect, readAll } from "../../support/sockets.ts";

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
    const server = await serveControl(config, handle);
    cleanup.add(() => server.close());
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
    expect(code).to.equal("SLUICE_NOT_RUNNING");
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

  it("answers what is no request with an error, and closes on what is too long", async () => {
    const path = await serve(async () => 1);
    const garbled = await connect({ path });
    cleanup.add(() => void garbled.destroy());
    garbled.write("hello\n");
    expect(JSON.parse(String(await readAll(garbled)))).to.have.nested.property("error.code", "SLUICE_USAGE");
    const endless = await connect({ path });
    cleanup.add(() => void endless.destroy());
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
