import { expect } from "chai";
import { PacedBytes } from "../../../../../plugins/http/turn/paced-bytes.ts";

describe("Bytes that are passed on in turns", () => {
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  it("pass one part in each turn, in order, and tell when all have passed", async () => {
    const passed: string[] = [];
    let over = 0;
    const paced = new PacedBytes(
      (part) => passed.push(String(part)),
      () => (over += 1),
    );
    const bytes = Buffer.from("abcdefg");
    paced.add(bytes, 3);
    bytes.fill("-");
    paced.add(Buffer.from("hi"), 1);
    expect([paced.isBusy, paced.length]).to.deep.equal([true, 9]);
    for (const [at, part] of ["abc", "def", "g", "hi"].entries()) {
      await turn();
      expect(passed[at]).to.equal(part);
      expect(passed).to.have.lengthOf(at + 1);
    }
    expect([over, paced.isBusy, paced.length]).to.deep.equal([1, false, 0]);
  });

  it("wait behind the others when they come while a part is passed", async () => {
    const passed: string[] = [];
    const paced = new PacedBytes(
      (part) => {
        passed.push(String(part));
        if (passed.length === 1) paced.add(Buffer.from("c"), 1);
      },
      () => passed.push("over"),
    );
    paced.add(Buffer.from("ab"), 2);
    for (let at = 0; at < 4; at += 1) await turn();
    expect(passed).to.deep.equal(["a", "b", "c", "over"]);
  });

  it("are dropped when they are stopped", async () => {
    const passed: string[] = [];
    const paced = new PacedBytes(
      (part) => passed.push(String(part)),
      () => passed.push("over"),
    );
    paced.add(Buffer.from("ab"), 2);
    await turn();
    paced.stop();
    await turn();
    expect(passed).to.deep.equal(["a"]);
  });
});
