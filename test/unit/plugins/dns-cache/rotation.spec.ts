import { expect } from "chai";
import { decode, type Answer } from "dns-packet";
import { answerTo, createDnsBench, query } from "./dns-messages.ts";

const a = (data: string, ttl = 300): Answer => ({ type: "A", name: "www.example.test", ttl, data });

/** The data of the answers to one question, asked as often as that. */
function given(answers: Answer[], times: number): unknown[][] {
  const { client } = createDnsBench();
  const one = client();
  one.send(query(0));
  one.reply(answerTo(query(0), { answers }));
  for (let id = 1; id <= times; id += 1) one.send(query(id));
  expect(one.asked).to.have.length(1);
  return one.got.slice(1).map((datagram) => (decode(datagram).answers ?? []).map((answer) => ("data" in answer ? answer.data : undefined)));
}

describe("the addresses of a cached DNS answer", () => {
  it("take turns, each the first as often as the others", () => {
    const all = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    const turns = given(
      all.map((data) => a(data)),
      6,
    );
    for (const turn of turns) expect(turn).to.have.members(all);
    expect(turns.map(([first]) => first)).to.deep.equal([...all, ...all]);
  });

  it("take turns among those who waited for one answer", () => {
    const { client } = createDnsBench();
    const clients = [0, 1, 2].map(() => client());
    for (const [id, one] of clients.entries()) one.send(query(id));
    clients[0]?.reply(answerTo(query(0), { answers: [a("192.0.2.1"), a("192.0.2.2")] }));
    const firsts = clients.slice(1).map((one) => one.last().answers?.[0]);
    expect(new Set(firsts.map((answer) => (answer !== undefined && "data" in answer ? answer.data : "")))).to.have.property("size", 2);
  });

  it("stay behind the alias that leads to them, and with their own name", () => {
    const alias: Answer = { type: "CNAME", name: "www.example.test", ttl: 300, data: "host.example.test" };
    const host = (data: string): Answer => ({ type: "A", name: "host.example.test", ttl: 300, data });
    const turns = given([alias, host("192.0.2.1"), host("192.0.2.2"), a("192.0.2.9")], 2);
    expect(turns).to.deep.equal([
      ["host.example.test", "192.0.2.1", "192.0.2.2", "192.0.2.9"],
      ["host.example.test", "192.0.2.2", "192.0.2.1", "192.0.2.9"],
    ]);
  });

  it("stay as they are where they are one, of different times to live, or something with an order of its own", () => {
    const mx = (preference: number, exchange: string): Answer => ({
      type: "MX",
      name: "www.example.test",
      ttl: 300,
      data: { preference, exchange },
    });
    for (const answers of [
      [a("192.0.2.1")],
      [a("192.0.2.1", 100), a("192.0.2.2", 200)],
      [mx(10, "a.example.test"), mx(10, "b.example.test")],
    ]) {
      const [first, ...others] = given(answers, 4);
      for (const other of others) expect(other).to.deep.equal(first);
    }
  });
});
