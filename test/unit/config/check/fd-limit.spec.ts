import { expect } from "chai";
import { flowsWarning, parseFdLimit, sessionLimit, udpSessionLimit } from "../../../../core/config/check/fd-limit.ts";

describe("the limit of sessions", () => {
  it("reads the soft limit of open files", () => {
    expect(parseFdLimit("Max processes 1 2 p\nMax open files            1024                 4096                 files\n")).to.equal(1024);
    expect(parseFdLimit("Max open files            unlimited            unlimited            files")).to.equal(Number.POSITIVE_INFINITY);
    expect(parseFdLimit("nothing")).to.equal(undefined);
  });

  it("is half of what is left of the descriptors by default, and bounded", () => {
    expect(sessionLimit(undefined, 1024, 0).sessions).to.equal(480);
    expect(sessionLimit(undefined, Number.POSITIVE_INFINITY, 0).sessions).to.equal(65_536);
    expect(sessionLimit(undefined, undefined, 0).sessions).to.equal(4096);
    expect(sessionLimit(undefined, 10, 0).sessions).to.equal(1);
  });

  it("is lowered with a warning when the descriptors do not allow it", () => {
    expect(sessionLimit(480, 1024, 0)).to.deep.equal({ sessions: 480, warning: undefined });
    const { sessions, warning } = sessionLimit(481, 1024, 0);
    expect(sessions).to.equal(480);
    expect(warning).to.contain("lowered from 481 to 480");
  });

  it("is warned about when there are few descriptors, although nobody asked for more", () => {
    expect(sessionLimit(undefined, 1024, 0).warning).to.equal(undefined);
    expect(sessionLimit(undefined, 256, 0).sessions).to.equal(96);
    expect(sessionLimit(undefined, 256, 0).warning).to.contain("lowered to 96");
  });

  it("leaves out what UDP flows may take, which is a quarter of the descriptors by default, and bounded", () => {
    expect(udpSessionLimit(undefined, 1)).to.equal(1024);
    expect(udpSessionLimit(65_536, 3)).to.equal(1024);
    expect(udpSessionLimit(256, 1)).to.equal(48);
    expect(udpSessionLimit(256, 2)).to.equal(24);
    expect(udpSessionLimit(10, 1)).to.equal(1);
    expect(sessionLimit(undefined, 256, 48).sessions).to.equal(72);
    expect(sessionLimit(100, 256, 48).warning)
      .to.contain("lowered from 100 to 72")
      .and.contain("ulimit -n 312");
  });

  it("has half of the descriptors however many flows a config asks for, with a warning", () => {
    for (const flows of [480, 481, 1024, 2 ** 20]) {
      expect(sessionLimit(undefined, 1024, flows).sessions).to.equal(240);
      expect(sessionLimit(2 ** 20, 1024, flows).sessions).to.equal(240);
    }
    expect(flowsWarning(1024, 480, true)).to.equal(undefined);
    expect(flowsWarning(1024, 481, true))
      .to.contain("may take 481 file descriptors")
      .and.contain("ulimit -n 1026");
    expect(flowsWarning(1024, 960, false)).to.equal(undefined);
    expect(flowsWarning(1024, 961, false)).to.contain("ulimit -n 1025");
    expect(flowsWarning(undefined, 2 ** 20, true)).to.equal(undefined);
    expect(flowsWarning(Number.POSITIVE_INFINITY, 2 ** 20, true)).to.equal(undefined);
    expect(sessionLimit(undefined, Number.POSITIVE_INFINITY, 2 ** 20).sessions).to.equal(65_536);
  });
});
