import { expect } from "chai";
import { readFileSync } from "node:fs";
import { CLOCK, type PluginUse } from "sluice";
import { lengthPrefixed, lines } from "sluice/codec";
import { replay, tlsTermination } from "sluice/plugins";
import { startProxy, startUpstream, virtualClock, type TestProxy } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { recordingOf } from "../support/recording-file.ts";

const pair = (question: string, answer: string): string[] => [
  `{ from: client, text: ${JSON.stringify(question)} }`,
  `{ from: upstream, text: ${JSON.stringify(answer)} }`,
];

describe("replay()", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const proxyWith = async (use: PluginUse, more: object = {}): Promise<TestProxy> =>
    cleanup.keep(await startProxy({ plugins: [use], ...more }));

  /** Sends texts, each once the one before has been answered. @returns the answers */
  const ask = async (proxy: TestProxy, ...questions: readonly (readonly [string, number])[]): Promise<string[]> => {
    const client = cleanup.keep(await proxy.connect());
    const answers: string[] = [];
    for (const [question, length] of questions) {
      await client.write(question);
      answers.push(String(await client.read(length)));
    }
    return answers;
  };

  /** Why the session of a client that says this ends. */
  const failureOf = async (proxy: TestProxy, text: string): Promise<string> => {
    const client = cleanup.keep(await proxy.connect());
    await client.write(text);
    const { reason } = await proxy.nextRecord();
    expect(reason).to.equal("SLUICE_REPLAY_UNMATCHED");
    return String(proxy.log.map(({ msg }) => msg).find((msg) => String(msg).includes("SLUICE_REPLAY_UNMATCHED")));
  };

  for (const [name, more] of [
    ["tcp", {}],
    ["tls, terminated", { listen: "tls://127.0.0.1:0" }],
    ["unix", { listen: "unix:" }],
  ] as const)
    it(`answers over ${name}`, async () => {
      const file = recordingOf(cleanup, [...pair("a?", "a!"), "close: upstream"]);
      const tls = name.startsWith("tls") ? [tlsTermination({ selfSigned: ["localhost"], ca: false })] : [];
      const listen = name === "unix" ? { listen: `unix://${file}.sock` } : more;
      const proxy = cleanup.keep(await startProxy({ ...listen, plugins: [...tls, replay({ file })] }));
      const client = cleanup.keep(await proxy.connect());
      await client.write("a?");
      expect(String(await client.readAll())).to.equal("a!");
    });

  describe("bytes that do not match", () => {
    it("fail the session, with both versions aligned in hex, and the place of the entry", async () => {
      const file = recordingOf(cleanup, pair("PING", "PONG"));
      const message = await failureOf(await proxyWith(replay({ file })), "PANG");
      expect(message).to.include(`${file}:5:3: what came is not what was recorded`);
      expect(message).to.include("- 000000  50 49 4e 47").and.include("+ 000000  50 41 4e 47");
      expect(message).to.include("PING").and.include("PANG");
    });

    it("fail the session after the end of the recording too, also if the upstream has finished", async () => {
      const first = recordingOf(cleanup, pair("a?", "a!"));
      expect(await failureOf(await proxyWith(replay({ file: first })), "a?b?")).to.include("2 bytes came where nothing more was recorded");
      const second = recordingOf(cleanup, [...pair("a?", "a!"), "close: upstream"]);
      const proxy = await proxyWith(replay({ file: second }));
      const client = cleanup.keep(await proxy.connect());
      await client.write("a?");
      expect(String(await client.readAll())).to.equal("a!");
      await client.write("b?");
      expect((await proxy.nextRecord()).reason).to.equal("SLUICE_REPLAY_UNMATCHED");
    });

    it("fail the session when the client finishes too early", async () => {
      const proxy = await proxyWith(replay({ file: recordingOf(cleanup, pair("a?b?", "a!")) }));
      const client = cleanup.keep(await proxy.connect());
      client.end("a?");
      expect((await proxy.nextRecord()).reason).to.equal("SLUICE_REPLAY_UNMATCHED");
    });

    it("are answered by the upstream with unmatched: pass, and so is everything after them", async () => {
      const upstream = cleanup.keep(await startUpstream("echo"));
      const file = recordingOf(cleanup, [...pair("a?", "a!"), ...pair("b?", "b!")]);
      const proxy = await proxyWith(replay({ file, unmatched: "pass" }), { upstream: upstream.address });
      expect(await ask(proxy, ["a?", 2], ["c?", 2], ["b?", 2])).to.deep.equal(["a!", "c?", "b?"]);
      expect(String(upstream.received)).to.equal("c?b?");
      const client = cleanup.keep(await proxy.connect());
      client.end("other");
      expect(String(await client.readAll())).to.equal("other");
      expect((await proxy.nextRecord()).reason).to.be.a("string");
    });

    it("pass message by message in a table", async () => {
      const upstream = cleanup.keep(await startUpstream("echo"));
      const proxy = await proxyWith(replay({ file: recordingOf(cleanup, pair("a?", "a!")), match: "table", unmatched: "pass" }), {
        upstream: upstream.address,
      });
      expect(await ask(proxy, ["x?", 2], ["a?", 2], ["y?", 2])).to.deep.equal(["x?", "a!", "y?"]);
    });

    it("pass with 4 MiB in both directions, without a loss", async () => {
      const upstream = cleanup.keep(await startUpstream("echo"));
      const file = recordingOf(cleanup, pair("a?", "a!"));
      const proxy = await proxyWith(replay({ file, unmatched: "pass" }), { upstream: upstream.address });
      const client = cleanup.keep(await proxy.connect());
      const bytes = Buffer.alloc(4 * 1024 * 1024, "0123456789");
      client.end(bytes);
      expect((await client.readAll({ timeout: 15_000 })).equals(bytes)).to.equal(true);
    });

    it("are added with unmatched: record, and answered from the recording after that", async () => {
      const upstream = cleanup.keep(await startUpstream("echo"));
      const file = recordingOf(cleanup, pair("a?", "a!"));
      const recording = await proxyWith(replay({ file, unmatched: "record" }), { upstream: upstream.address });
      expect(await ask(recording, ["a?", 2], ["c?", 2])).to.deep.equal(["a!", "c?"]);
      await recording.close();
      expect(upstream.connections).to.equal(1);
      const replaying = await proxyWith(replay({ file }));
      expect(await ask(replaying, ["a?", 2], ["c?", 2])).to.deep.equal(["a!", "c?"]);
    });
  });

  describe("match", () => {
    it("strict chooses no other session after it has answered, but sequence does", async () => {
      const exchange = [
        ...pair("hi", "hi!").map((entry) => entry.replace("{", "{ session: 1,")),
        ...pair("a?", "a!").map((entry) => entry.replace("{", "{ session: 1,")),
        ...pair("hi", "ho!").map((entry) => entry.replace("{", "{ session: 2,")),
        ...pair("b?", "b!").map((entry) => entry.replace("{", "{ session: 2,")),
      ];
      const lenient = await proxyWith(replay({ file: recordingOf(cleanup, exchange) }));
      expect(await ask(lenient, ["hi", 3], ["b?", 2])).to.deep.equal(["hi!", "b!"]);
      const strict = await proxyWith(replay({ file: recordingOf(cleanup, exchange), match: "strict" }));
      expect(await ask(strict, ["hi", 3], ["a?", 2])).to.deep.equal(["hi!", "a!"]);
      expect(await ask(strict, ["hi", 3])).to.deep.equal(["ho!"]);
      expect(await failureOf(strict, "hib?hia?")).to.include("- 000000  61 3f");
    });

    it("framed answers several messages at the same time, in any order, cut anywhere", async () => {
      const file = recordingOf(cleanup, ['{ from: client, text: "a\\nb\\n" }', '{ from: upstream, text: "A\\nB\\n" }']);
      const proxy = await proxyWith(replay({ file, match: "framed", codec: lines() }));
      expect(await ask(proxy, ["b\n", 2], ["a\n", 2])).to.deep.equal(["B\n", "A\n"]);
      const client = cleanup.keep(await proxy.connect());
      for (const part of ["a", "\nb", "\n"]) await client.write(part);
      expect(String(await client.read(4))).to.equal("A\nB\n");
      await client.write("c\n");
      await eventually(() => expect(proxy.records.map(({ reason }) => reason)).to.include("SLUICE_REPLAY_UNMATCHED"));
    });

    it("framed accepts binary frames, and requires a codec", async () => {
      const file = recordingOf(cleanup, ["{ from: client, hex: 00 01 61 00 01 62 }", "{ from: upstream, hex: 00 01 41 00 01 42 }"]);
      const proxy = await proxyWith(replay({ file, match: "framed", codec: lengthPrefixed({ bytes: 2 }) }));
      expect(await ask(proxy, ["\0\u0001b", 3])).to.deep.equal(["\0\u0001B"]);
      const refused = await startProxy({ plugins: [replay({ file, match: "framed" })] }).then(String, String);
      expect(refused).to.include("codec").and.include("needs a codec");
    });

    it("works by prefix, expression, length and any, with templates only if an entry says so", async () => {
      const file = recordingOf(cleanup, [
        '{ from: client, match: { prefix: "SELECT", until: "\\n" }, capture: { id: "id=(\\\\d+)" } }',
        '{ from: upstream, template: true, text: "row ${id}\\n" }',
        '{ from: client, match: { regexp: "^\\\\d+;$", until: ";" } }',
        '{ from: upstream, text: "${id}" }',
        "{ from: client, match: { length: 3 } }",
        '{ from: upstream, text: "three" }',
        "{ from: client, match: any }",
        '{ from: upstream, text: "any" }',
      ]);
      const proxy = await proxyWith(replay({ file }));
      const questions = [
        ["SELECT id=42\n", 7],
        ["1", 0],
        ["7;", 5],
        ["ab", 0],
        ["c", 5],
        ["?", 3],
      ] as const;
      expect(await ask(proxy, ...questions)).to.deep.equal(["row 42\n", "", "${id}", "", "three", "any"]);
      expect(await failureOf(await proxyWith(replay({ file })), "INSERT\n")).to.include('does not match prefix: "SELECT", until: "\\n"');
    });

    it("accepts any value where a value was redacted", async () => {
      const file = recordingOf(cleanup, pair("user=a&password=[redacted]&x\n", "ok"));
      const proxy = await proxyWith(replay({ file, match: "strict" }));
      expect(await ask(proxy, ["user=a&password=hunter2&x\n", 2])).to.deep.equal(["ok"]);
    });
  });

  describe("over UDP", () => {
    const udp = { listen: "udp://127.0.0.1:0" };
    const exchange = [...pair("a?", "a!"), ...pair("b?", "b!")];

    it("answers datagrams that come out of order and twice", async () => {
      const proxy = await proxyWith(replay({ file: recordingOf(cleanup, exchange, "udp") }), udp);
      const client = cleanup.keep(await proxy.connect());
      for (const name of ["b", "a", "b"]) {
        await client.send(`${name}?`);
        expect(String(await client.receive())).to.equal(`${name}!`);
      }
    });

    it("does not do so with match: strict", async () => {
      const proxy = await proxyWith(replay({ file: recordingOf(cleanup, exchange, "udp"), match: "strict" }), udp);
      const client = cleanup.keep(await proxy.connect());
      await client.send("b?");
      expect((await proxy.nextRecord()).reason).to.equal("SLUICE_REPLAY_UNMATCHED");
    });

    it("passes and records datagrams that are not in the recording", async () => {
      const upstream = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
      const file = recordingOf(cleanup, exchange, "udp");
      const proxy = await proxyWith(replay({ file, unmatched: "record" }), { ...udp, upstream: upstream.address });
      const client = cleanup.keep(await proxy.connect());
      for (const [said, heard] of [
        ["x", "x"],
        ["a?", "a!"],
      ] as const) {
        await client.send(said);
        expect(String(await client.receive())).to.equal(heard);
      }
      await proxy.close();
      const [, added = ""] = readFileSync(file, "utf8").split(/(?=- session: 2)([^]*)/);
      expect(added.replaceAll(/ +at: .*\n/g, "")).to.equal(
        ["client", "upstream"].map((side) => `- session: 2\n  from: ${side}\n  text: "x"\n`).join(""),
      );
    });
  });

  describe("ends", () => {
    it("how: reset resets, and how: idle leaves the connection open", async () => {
      const reset = await proxyWith(replay({ file: recordingOf(cleanup, [...pair("a?", "a!"), "{ close: upstream, how: reset }"]) }));
      const broken = cleanup.keep(await reset.connect());
      await broken.write("a?");
      expect(String(await broken.read(2))).to.equal("a!");
      expect(await broken.closed).to.equal("reset");
      const idle = await proxyWith(replay({ file: recordingOf(cleanup, [...pair("a?", "a!"), "{ close: upstream, how: idle }"]) }));
      const client = cleanup.keep(await idle.connect());
      await client.write("a?");
      expect(String(await client.read(2))).to.equal("a!");
      expect(await Promise.race([client.ended.then(() => "ended"), client.read(1, { timeout: 50 }).catch(() => "open")])).to.equal("open");
      client.end();
      expect(await client.closed).to.equal("fin");
    });

    it("close: client waits for the client's end", async () => {
      const file = recordingOf(cleanup, [...pair("a?", "a!"), "close: client", '{ from: upstream, text: "bye" }', "close: upstream"]);
      const proxy = await proxyWith(replay({ file }));
      const client = cleanup.keep(await proxy.connect());
      client.end("a?");
      expect(String(await client.readAll())).to.equal("a!bye");
    });
  });

  it("multiplies recorded times by a number, with CLOCK", async () => {
    const file = recordingOf(cleanup, ['{ from: client, text: "a?", at: 10ms }', '{ from: upstream, text: "a!", at: 1010ms }']);
    const clock = virtualClock();
    const proxy = cleanup.keep(
      await startProxy({
        providers: [{ token: CLOCK, useValue: clock }],
        listeners: { main: { listen: "tcp://127.0.0.1:0", plugins: [replay({ file, timing: 0.5 })] } },
      }),
    );
    const client = cleanup.keep(await proxy.connect());
    await client.write("a?");
    await eventually(() => expect(clock.pending).to.be.greaterThan(0));
    clock.advance(499);
    expect(clock.pending).to.be.greaterThan(0);
    clock.advance(1);
    expect(String(await client.read(2))).to.equal("a!");
  });
});
