import { expect } from "chai";
import { answerTo, createDnsBench, query } from "./dns-messages.ts";

describe("those who wait for a DNS answer", () => {
  it("are 10,000 in all, and forgets them with their questions", () => {
    const { clock, client } = createDnsBench();
    const one = client();
    const names = Array.from({ length: 100 }, (_, at) => `n${at}.example.test`);
    const asks = (from: number, count: number): void => {
      for (let id = from; id < from + count; id += 1) for (const name of names) one.send(query(id, name));
    };
    asks(0, 100);
    expect(one.asked).to.have.length(100);
    asks(100, 1);
    expect(one.asked, "beyond it each goes upstream by itself").to.have.length(200);
    for (const name of names.slice(0, 50)) one.reply(answerTo(query(0, name)));
    clock.advance(0);
    expect(one.got).to.have.length(5_000);
    clock.advance(5_000);
    asks(200, 100);
    expect(one.asked).to.have.length(250);
  });
});
