import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CLOCK } from "sluice";
import { record, replay } from "sluice/plugins";
import { startProxy, startUpstream, virtualClock } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { startServer, temporaryFolder } from "../support/real-peer.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { freePort } from "../support/sockets.ts";

describe("record() and replay()", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let file: string;
  beforeEach(() => {
    file = join(temporaryFolder(cleanup), "talk.yaml");
  });
  afterEach(() => cleanup.run());

  const write = (exchange: string, transport = "tcp"): void => {
    writeFileSync(file, `sluice: recording/1\ntransport: ${transport}\nexchange:\n${exchange}`);
  };

  it("answers as the upstream did, also to a half-closed client", async () => {
    const upstream = cleanup.keep(
      await startUpstream((socket) => {
        socket.write("hello\n");
        socket.on("data", (chunk) => socket.write(String(chunk).toUpperCase()));
        socket.on("end", () => socket.end("bye\n"));
      }),
    );
    const talk = async (use: Parameters<typeof startProxy>[0]): Promise<string> => {
      const proxy = cleanup.keep(await startProxy(use));
      const client = cleanup.keep(await proxy.connect());
      expect(String(await client.readUntil("\n"))).to.equal("hello\n");
      void client.write("one\n");
      expect(String(await client.readUntil("\n"))).to.equal("ONE\n");
      client.end("two\n");
      const rest = String(await client.readAll());
      await proxy.nextRecord();
      await proxy.close();
      return rest;
    };
    expect(await talk({ upstream: upstream.address, plugins: [record({ file })] })).to.equal("TWO\nbye\n");
    expect(readFileSync(file, "utf8")).to.match(/^sluice: recording\/1\ntransport: tcp\nupstream: /);
    expect(await talk({ plugins: [replay({ file })] })).to.equal("TWO\nbye\n");
    expect(upstream.connections).to.equal(1);
  });

  it("records UDP, one entry for each datagram, and answers from it", async () => {
    const upstream = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    for (const plugins of [[record({ file })], [replay({ file })]]) {
      const proxy = cleanup.keep(await startProxy({ listen: "udp://127.0.0.1:0", upstream: upstream.address, plugins }));
      const client = cleanup.keep(await proxy.connect());
      for (const text of ["one", "two"]) {
        await client.send(text);
        expect(String(await client.receive())).to.equal(text);
      }
      await proxy.close();
    }
    expect(upstream.datagrams).to.have.lengthOf(2);
  });

  it("does not record values that look like a password, and matches any value in their place", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const recording = cleanup.keep(await startProxy({ upstream: upstream.address, plugins: [record({ file })] }));
    const ask = async (proxy: typeof recording, text: string): Promise<void> => {
      const client = cleanup.keep(await proxy.connect());
      client.end(text);
      await client.readAll();
      await proxy.nextRecord();
      await proxy.close();
    };
    await ask(recording, "user=ann&password=hunter2&go=1\n");
    const text = readFileSync(file, "utf8");
    expect(text).to.include("[redacted]").and.include("user=ann").and.not.include("hunter2");
    const replaying = cleanup.keep(await startProxy({ plugins: [replay({ file })] }));
    await ask(replaying, "user=ann&password=anything&go=1\n");
    expect(replaying.records.map(({ reason }) => reason)).to.deep.equal(["closed"]);
  });

  it("ends a session that sends other bytes, and shows both versions in hex", async () => {
    write('- from: client\n  text: "PING\\n"\n- from: upstream\n  text: "PONG\\n"\n');
    const proxy = cleanup.keep(await startProxy({ plugins: [replay({ file })] }));
    const client = cleanup.keep(await proxy.connect());
    void client.write("PANG\n");
    const { reason } = await proxy.nextRecord();
    expect(reason).to.equal("SLUICE_REPLAY_UNMATCHED");
  });

  it("chooses the recorded session that begins like the new session, wherever chunks are cut", async () => {
    write(
      ["a", "b"]
        .map((name, at) => `- { session: ${at}, from: client, text: "${name}?" }\n- { session: ${at}, from: upstream, text: "${name}!" }\n`)
        .join(""),
    );
    const proxy = cleanup.keep(await startProxy({ plugins: [replay({ file })] }));
    for (const name of ["b", "a", "b"]) {
      const client = cleanup.keep(await proxy.connect());
      await client.write(name);
      await client.write("?");
      expect(String(await client.read(2))).to.equal(`${name}!`);
    }
  });

  it("answers in any order with match: table", async () => {
    write(
      '- { from: client, text: "a?" }\n- { from: upstream, text: "a!" }\n- { from: client, text: "b?" }\n- { from: upstream, text: "b!" }\n',
    );
    const proxy = cleanup.keep(await startProxy({ plugins: [replay({ file, match: "table" })] }));
    const client = cleanup.keep(await proxy.connect());
    for (const name of ["b", "a", "a"]) {
      await client.write(`${name}?`);
      expect(String(await client.read(2))).to.equal(`${name}!`);
    }
  });

  it("waits for the recorded time, with CLOCK", async () => {
    write('- { from: client, text: "a?", at: 10ms }\n- { from: upstream, text: "a!", at: 5010ms }\n');
    const clock = virtualClock();
    const providers = [{ token: CLOCK, useValue: clock }];
    const proxy = cleanup.keep(
      await startProxy({
        providers,
        listeners: { main: { listen: "tcp://127.0.0.1:0", plugins: [replay({ file, timing: "recorded" })] } },
      }),
    );
    const client = cleanup.keep(await proxy.connect());
    await client.write("a?");
    // The answer is scheduled once the question has come: an answer that nobody has waited for would be there before.
    await eventually(async () => {
      clock.advance("5s");
      expect(String(await client.read(2, { timeout: 50 }))).to.equal("a!");
    });
  });

  it("reports the place of an error in a recording", async () => {
    write("- from: nobody\n  text: x\n");
    const failure = await startProxy({ plugins: [replay({ file })] }).then(String, String);
    expect(failure).to.include(`${file}:4:9`).and.include("client or upstream");
  });

  it("does not wait for a recording that is a FIFO", async () => {
    await promisify(execFile)("mkfifo", [file]);
    const failure = await startProxy({ plugins: [replay({ file })] }).then(String, String);
    expect(failure).to.include(`${file}: it cannot be read: it is no file`);
  });

  it("plays a real Redis to a real redis-cli", async function () {
    const server = requireTool(this, "redis-server");
    const cli = requireTool(this, "redis-cli");
    const port = await freePort();
    startServer(cleanup, server, [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      temporaryFolder(cleanup),
    ]);
    await eventually(async () => expect(await exchangeOnce(port, "PING\r\n", 7)).to.equal("+PONG\r\n"), { within: 15_000 });
    const ask = async (at: number): Promise<string> => (await promisify(execFile)(cli, ["-p", String(at), "set", "a", "1"])).stdout.trim();
    const recording = cleanup.keep(await startProxy({ upstream: `127.0.0.1:${port}`, plugins: [record({ file })] }));
    expect(await ask(recording.port())).to.equal("OK");
    await recording.nextRecord();
    await recording.close();
    const replaying = cleanup.keep(await startProxy({ plugins: [replay({ file })] }));
    expect(await ask(replaying.port())).to.equal("OK");
  });
});
