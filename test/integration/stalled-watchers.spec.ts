import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxy } from "sluice";
import { echo } from "sluice/plugins";
import { Answers } from "../../core/admin/answers.ts";
import { Live } from "../../core/admin/operations/live.ts";
import { performForLine } from "../../core/admin/operations/perform-for-line.ts";
import { serveControl } from "../../core/net/control/serve-control.ts";
import { ControlStream } from "../../core/net/control/control-stream.ts";
import { followControl } from "../../core/net/control/follow-control.ts";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readBytes } from "../support/sockets.ts";

const mebibyte = 1024 * 1024;

describe("a client that watches over the control socket and stops reading", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("costs the proxy less than 1 MiB, affects no session, and gets a report of what it has lost", async function () {
    this.timeout(60_000);
    const listeners = { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } as const;
    const proxy = cleanup.keep(await createProxy({ listeners, log: { level: "silent" } }));
    const folder = mkdtempSync(join(tmpdir(), "sluice-stalled-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    const live = new Answers(new Live(proxy, undefined));
    const watched: Socket[] = [];
    const control = await serveControl(join(folder, "proxy.config.ts"), async (command, input) => {
      const stream = (await performForLine(live, command, input)) as ControlStream;
      return new ControlStream((to) => {
        watched.push(to);
        return stream.begin(to);
      });
    });
    cleanup.add(() => control.close());
    const asked = { command: "events", input: { topics: "sessions,tap:web" } };
    const reader = followControl(join(folder, "proxy.config.ts"), asked, new AbortController().signal);
    cleanup.add(() => void reader.return());
    const first = reader.next();
    await eventually(() => expect(watched).to.have.length(1));
    const socket = cleanup.keep(await connect(proxy.listeners["web"]?.address.port ?? 0));
    const says = async (text: string): Promise<void> => {
      socket.write(text);
      expect(String(await readBytes(socket, text.length))).to.equal(text);
    };
    await says("hello");
    await bounded(first, "the first event");
    let [most, total] = [0, 0];
    const chunk = "x".repeat(16_384);
    // 3,000 chunks both ways, in base64: 120 MiB. The reader takes no event meanwhile.
    for (let at = 0; at < 3_000; at += 1) {
      await says(chunk);
      most = Math.max(most, watched[0]?.writableLength ?? Infinity);
    }
    expect(most, "what waits in the proxy").to.be.above(0).and.below(mebibyte);
    while (total < 1_000) {
      const { value } = await bounded(reader.next(), "the event that says what was dropped");
      const { type, data } = value as { type: string; data: { dropped: number } };
      if (type === "dropped") total += data.dropped;
    }
    await says("bye");
  });
});
