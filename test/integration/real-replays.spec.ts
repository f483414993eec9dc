import { expect } from "chai";
import { encode } from "dns-packet";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { record, replay } from "sluice/plugins";
import { startProxy, startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { mustRun, runTool, temporaryFolder } from "../support/real-peer.ts";
import { recordingOf } from "../support/recording-file.ts";

describe("real clients of a recording", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("curl gets the recorded answers, including edits of the recording", async function () {
    const curl = requireTool(this, "curl");
    const upstream = cleanup.keep(
      await startUpstream((socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"));
      }),
    );
    const file = join(temporaryFolder(cleanup), "http.yaml");
    const get = (port: number, path: string): Promise<string> =>
      mustRun(curl, ["-sS", "-H", "User-Agent:", "-H", "Host: x", `http://127.0.0.1:${port}${path}`]);
    const recording = cleanup.keep(await startProxy({ upstream: upstream.address, plugins: [record({ file })] }));
    expect(await get(recording.port(), "/")).to.equal("hello");
    await recording.nextRecord();
    await recording.close();
    const text = readFileSync(file, "utf8");
    expect(text).to.include("GET / HTTP/1.1");
    writeFileSync(file, text.replace("hello", "howdy"));
    const replaying = cleanup.keep(await startProxy({ plugins: [replay({ file })] }));
    for (const _ of [1, 2]) expect(await get(replaying.port(), "/")).to.equal("howdy");
    expect((await runTool(curl, ["-sS", `http://127.0.0.1:${replaying.port()}/other`])).code).to.not.equal(0);
    await eventually(() => expect(replaying.records.map(({ reason }) => reason)).to.include("SLUICE_REPLAY_UNMATCHED"));
  });

  it("dig gets an answer with the ID of its own query, from a template", async function () {
    const dig = requireTool(this, "dig");
    const question = { type: "A", name: "db.test" } as const;
    const answer = encode({
      type: "response",
      flags: 0x0180,
      questions: [question],
      answers: [{ ...question, ttl: 60, data: "192.0.2.7" }],
    });
    const hex = answer
      .subarray(2)
      .toString("hex")
      .replaceAll(/(..)(?=.)/g, "$1 ");
    const file = recordingOf(
      cleanup,
      [
        '{ from: client, match: { regexp: "^[^]{12}\\\\x02db\\\\x04test\\\\x00\\\\x00\\\\x01" }, capture: { id: "^[^]{2}" } }',
        `{ from: upstream, template: true, hex: "\${id} ${hex}" }`,
      ],
      "udp",
    );
    const proxy = cleanup.keep(await startProxy({ listen: "udp://127.0.0.1:0", plugins: [replay({ file, match: "table" })] }));
    for (const _ of [1, 2])
      expect((await mustRun(dig, ["@127.0.0.1", "-p", String(proxy.port()), "+short", "+noedns", "db.test", "A"])).trim()).to.equal(
        "192.0.2.7",
      );
  });
});
