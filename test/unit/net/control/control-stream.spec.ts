import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceError } from "../../../../core/contract/index.ts";
import { askControl } from "../../../../core/net/control/ask-control.ts";
import { serveControl, type ControlHandler, type ControlServer } from "../../../../core/net/control/serve-control.ts";
import { ControlStream } from "../../../../core/net/control/control-stream.ts";
import { followControl } from "../../../../core/net/control/follow-control.ts";
import { bounded } from "../../../support/bounded.ts";
import { createCleanup } from "../../../support/cleanup.ts";
import { eventually } from "../../../support/eventually.ts";
import { refusalOf } from "../../../support/rejection.ts";

describe("a stream over the control socket", () => {
  const cleanup = createCleanup();
  let config: string;
  let streams: Socket[];

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-control-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    config = join(folder, "proxy.config.ts");
    streams = [];
  });
  afterEach(() => cleanup.run());

  const serve = async (handle: ControlHandler): Promise<ControlServer> => cleanup.keep(await serveControl(config, handle));
  const streaming = (begin: (to: Socket) => void = () => undefined): ControlHandler => {
    return async (command) => {
      if (command !== "events") return command;
      return new ControlStream((to) => {
        streams.push(to);
        begin(to);
        return () => void streams.splice(streams.indexOf(to), 1);
      });
    };
  };
  const follow = (signal: AbortSignal = new AbortController().signal): AsyncGenerator => {
    const following = followControl(config, { command: "events", input: { topics: "rates" } }, signal);
    cleanup.add(() => void following.return());
    return following;
  };
  const next = async (following: AsyncGenerator): Promise<IteratorResult<unknown>> => bounded(following.next(), "a line");

  it("gives a value for each line, however its bytes are cut, until the proxy ends", async () => {
    const server = await serve(streaming((to) => void to.write('{"type":"ü"}\n{"type":')));
    const following = follow();
    expect((await next(following)).value).to.deep.equal({ type: "ü" });
    streams[0]?.write('"b\\u001b"}\n');
    expect((await next(following)).value, "nothing that steers a terminal").to.deep.equal({ type: String.raw`b\x1b` });
    const last = next(following);
    server.close();
    expect((await last).done).to.equal(true);
  });

  it("is stopped in the proxy when its reader leaves, and ends for the reader when it has had enough", async () => {
    await serve(streaming((to) => void to.write("1\n")));
    const stopped = new AbortController();
    const following = follow(stopped.signal);
    expect((await next(following)).value).to.equal(1);
    const last = next(following);
    stopped.abort();
    expect((await last).done).to.equal(true);
    await eventually(() => expect(streams).to.have.length(0));
  });

  it("hands over what refuses it, and says when nothing runs or nothing answers", async () => {
    const nothing = await refusalOf(next(follow()));
    expect(nothing.code).to.equal("SLUICE_NOT_RUNNING");
    await serve(() => Promise.reject(new SluiceError("SLUICE_ADMIN_REQUEST", "topics: unknown topic")));
    const refused = await refusalOf(next(follow()));
    expect([refused.code, refused.message.includes("unknown topic")]).to.deep.equal(["SLUICE_ADMIN_REQUEST", true]);
  });

  it("is had by 16 readers at once: one more is told so, and a single question is answered beside them", async () => {
    await serve(streaming((to) => void to.write("1\n")));
    for (let at = 0; at < 16; at += 1) await next(follow());
    const refused = await refusalOf(next(follow()));
    expect(refused.code).to.equal("SLUICE_ADMIN_CONFLICT");
    expect(await askControl(config, "status", 5000)).to.equal("status");
  });
});
