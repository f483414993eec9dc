import { expect } from "chai";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { SluiceError, type ListenAddress } from "../../../../../core/contract/index.ts";
import { StreamListener } from "../../../../../core/net/accept/streams/stream-listener.ts";

const codeOf = (binding: Promise<unknown>): Promise<string> =>
  binding.then(
    () => "no error",
    (error: unknown) => (SluiceError.is(error) ? error.code : String(error)),
  );

describe("a stream listener at a unix socket", () => {
  let folder = "";
  let file = "";
  const at = (): ListenAddress => ({ transport: "unix", host: "", port: 0, path: file });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "sluice-listen-"));
    file = path.join(folder, "s.sock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("takes the place of a socket that a killed process left behind", async () => {
    const dying = `require("node:net").createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, "SIGKILL"))`;
    expect(spawnSync(process.execPath, ["-e", dying]).signal).to.equal("SIGKILL");
    const listener = await StreamListener.bind(at(), "web");
    listener.accept({ accepted: ({ leg }) => leg.destroy(), dropped: () => undefined, outOfFiles: () => undefined }, false);
    const client = connect(file);
    await once(client, "connect");
    client.destroy();
    listener.close();
  });

  it("refuses the socket of a process that answers, and leaves it alone", async () => {
    const server = createServer((socket) => socket.end());
    server.listen(file);
    await once(server, "listening");
    expect(await codeOf(StreamListener.bind(at(), "web"))).to.equal("SLUICE_ADDRESS_IN_USE");
    const client = connect(file);
    await once(client, "connect");
    client.destroy();
    server.close();
  });

  it("refuses a file that is no socket, and leaves it alone", async () => {
    writeFileSync(file, "precious");
    expect(await codeOf(StreamListener.bind(at(), "web"))).to.equal("SLUICE_ADDRESS_IN_USE");
    expect(readFileSync(file, "utf8")).to.equal("precious");
  });
});
