import { expect } from "chai";
import { parseFdLimit, sessionLimit } from "../../../core/config/fd-limit.ts";

describe("the limit of sessions", () => {
  it("reads the soft limit of open files", () => {
    expect(parseFdLimit("Max processes 1 2 p\nMax open files            1024                 4096                 files\n")).to.equal(1024);
    expect(parseFdLimit("Max open files            unlimited            unlimited            files")).to.equal(Number.POSITIVE_INFINITY);
    expect(parseFdLimit("nothing")).to.equal(undefined);
  });

  it("is half of what is left of the descriptors by default, and bounded", () => {
    expect(sessionLimit(undefined, 1024).sessions).to.equal(480);
    expect(sessionLimit(undefined, Number.POSITIVE_INFINITY).sessions).to.equal(65_536);
    expect(sessionLimit(undefined, undefined).sessions).to.equal(4096);
    expect(sessionLimit(undefined, 10).sessions).to.equal(1);
  });

  it("is lowered with a warning when the descriptors do not allow it", () => {
    expect(sessionLimit(480, 1024)).to.deep.equal({ sessions: 480, warning: undefined });
    const { sessions, warning } = sessionLimit(481, 1024);
    expect(sessions).to.equal(480);
    expect(warning).to.contain("lowered from 481 to 480");
  });

  it("is told of when there are few descriptors, although nobody asked for more", () => {
    expect(sessionLimit(undefined, 1024).warning).to.equal(undefined);
    expect(sessionLimit(undefined, 256).sessions).to.equal(96);
    expect(sessionLimit(undefined, 256).warning).to.contain("lowered to 96");
  });
});
