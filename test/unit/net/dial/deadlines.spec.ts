import { expect } from "chai";
import { Deadlines } from "../../../../core/net/dial/deadlines.ts";

const timerOf = (deadlines: Deadlines, name: string, over: string[]): Promise<void> =>
  new Promise((resolve) => {
    deadlines.start({
      waitedTooLong() {
        over.push(name);
        resolve();
      },
    });
  });

describe("deadlines", () => {
  it("end waits in order, and not those that were ended early", async () => {
    const over: string[] = [];
    const deadlines = new Deadlines(5);
    const first = timerOf(deadlines, "first", over);
    const ended = deadlines.start({ waitedTooLong: () => over.push("ended") });
    const second = timerOf(deadlines, "second", over);
    deadlines.end(ended);
    await Promise.all([first, second]);
    await timerOf(deadlines, "third", over);
    expect(over).to.deep.equal(["first", "second", "third"]);
  });

  it("ends a wait that began while another one was ending", async () => {
    const deadlines = new Deadlines(1);
    await new Promise<void>((resolve) => {
      deadlines.start({
        waitedTooLong() {
          deadlines.start({ waitedTooLong: resolve });
        },
      });
    });
  });
});
