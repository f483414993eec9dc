import { expect } from "chai";
import { EventEmitter } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { filter, finalize, tap } from "rxjs";
import { defineErrors, definePlugin, type PluginUse } from "sluice";
import { messages, resp } from "sluice/codec";
import { carry, delayBytes, each } from "sluice/flow";
import { compliance } from "sluice/testing";
import { redact } from "../../../../docs/examples/redact.ts";
import { findings } from "../../../support/findings.ts";
import { refusalOf } from "../../../support/rejection.ts";

describe("compliance passes", function () {
  this.timeout(60_000);

  // The plugins of the docs, and those that come with it, are in test/compliance.
  it("a plugin that waits by its clock", async () => {
    const late = definePlugin("late", () => ({ fromClient: (data) => data.pipe(delayBytes(1)) }));
    expect(await findings(() => late())).to.deep.equal([]);
  });

  it("a plugin that refuses in one direction what passes in the other", async () => {
    const guard = definePlugin("guard", () => ({
      fromClient: (data) =>
        data.pipe(
          messages(
            resp(),
            each((command) => command),
          ),
        ),
      fromUpstream: (data) => data.pipe(each((chunk) => chunk)),
    }));
    expect(await findings(() => guard())).to.deep.equal([]);
  });

  it("a plugin whose errors name the client, and one that limits the bytes of each", async () => {
    const errors = defineErrors("strict", { DENIED: { text: "{client} sent {what}", remedy: "send less" } });
    const strict = definePlugin("strict", () => ({
      fromClient: (data, { client }) => {
        let bytes = 0;
        return data.pipe(
          tap(({ length }) => {
            bytes += length;
            if (bytes > 20) throw errors.DENIED({ client, what: bytes > 20 });
          }),
        );
      },
    }));
    expect(await findings(() => strict(), {}, /CLOCK|small chunks|thousand|refused|process/)).to.deep.equal([]);
  });

  it("a plugin that asks a slow service about each chunk", async () => {
    const slow = definePlugin("slow", () => ({ fromClient: (data) => data.pipe(each((chunk) => pause(1, chunk))) }));
    expect(await findings(() => slow(), {}, /CLOCK|small chunks|thousand|refused|process/)).to.deep.equal([]);
  });

  const numbered = (): PluginUse =>
    definePlugin("numbered", () => ({
      fromClient: (data) =>
        data.pipe(carry({ start: () => ({ n: 0 }), step: (state, chunk) => Buffer.concat([Buffer.from(String((state.n += 1))), chunk]) })),
    }))();

  it("a plugin whose sessions differ on purpose, when it says so", async () => {
    const alternating = (sessionsDiffer: boolean): PluginUse =>
      definePlugin("alternating", () => {
        let sessions = 0;
        return { sessionsDiffer, fromClient: (data) => ((sessions += 1) % 2 === 0 ? data.pipe(filter(() => false)) : data) };
      })();
    expect((await findings(() => alternating(false))).join("\n")).to.include("sessionsDiffer: true");
    expect(await findings(() => alternating(true))).to.deep.equal([]);
  });

  it("a plugin that keeps something for all of its sessions, until its teardown", async () => {
    const emitter = new EventEmitter();
    const keeping = definePlugin("keeping", () => {
      let isFirst = true;
      const listen = (): void => undefined;
      return {
        fromClient: (data) => {
          if (isFirst) emitter.on("news", listen);
          isFirst = false;
          return data.pipe(finalize(() => emitter.emit("over")));
        },
        teardown: () => void emitter.off("news", listen),
      };
    });
    expect(await findings(() => keeping())).to.deep.equal([]);
  });

  it('a plugin that numbers chunks, with borders: "matter", and on UDP', async () => {
    expect((await findings(numbered)).join("\n")).to.include('borders: "matter"');
    expect(await findings(numbered, { borders: "matter" })).to.deep.equal([]);
    expect(await findings(numbered, { transport: "udp" })).to.deep.equal([]);
  });

  it("on every transport", async () => {
    for (const transport of ["udp", "tls", "unix"] as const) {
      expect(await findings(() => redact({ digits: 4 }), { transport }), transport).to.deep.equal([]);
    }
  });

  it("nothing that is no plugin", async () => {
    expect((await refusalOf(() => compliance(redact() as never))).code).to.equal("SLUICE_TEST_INVALID");
    expect((await findings(() => 5 as never)).join("\n")).to.include("SLUICE_TEST_INVALID");
  });
});
