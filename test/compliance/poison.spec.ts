import { expect } from "chai";
import { Observable, bufferCount, map } from "rxjs";
import type { Session } from "sluice";
import { each } from "sluice/flow";
import { bytesThrough, POISON, type BytesHook } from "../support/poison.ts";

const session = {} as Session;
const chunks = [Buffer.from("ab"), Buffer.from("cd")];

describe("The kit that poisons lent chunks", () => {
  it("detects a hook that keeps a chunk after its call, although its plugin declares that it only borrows chunks", async () => {
    const keeping: BytesHook = (data) =>
      data.pipe(
        bufferCount(2),
        map((pair) => Buffer.concat(pair)),
      );
    expect((await bytesThrough(keeping, chunks, session, true)).toString("latin1")).to.equal(`${String.fromCharCode(POISON).repeat(2)}cd`);
    expect((await bytesThrough(keeping, chunks, session, false)).toString()).to.equal("abcd");
  });

  it("accepts a hook that finishes with each chunk within its call", async () => {
    const working: BytesHook = (data) => data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from("-")])));
    expect((await bytesThrough(working, chunks, session, true)).toString()).to.equal("ab-cd-");
  });

  it("passes the hook's error on", async () => {
    const failing: BytesHook = () => new Observable((subscriber) => subscriber.error(new Error("broken")));
    expect(await bytesThrough(failing, chunks, session, true).catch(String)).to.equal("Error: broken");
  });
});
