import { expect } from "chai";
import { ClientLeg, type LegConsumer } from "../../../../../plugins/http/front/client-leg.ts";
import { FirstBytes } from "../../../../../plugins/http/front/first-bytes.ts";
import { FakeClock } from "../../../../support/fake-clock.ts";

describe("The first bytes of a connection", () => {
  let clock: FakeClock;
  let happened: string[];
  let leg: ClientLeg;
  beforeEach(() => {
    clock = new FakeClock();
    happened = [];
    const note = (what: string) => () => void happened.push(what);
    const served: LegConsumer = {
      pending: 0,
      received: (chunk) => happened.push(`received ${String(chunk)}`) > 0,
      ended: note("ended"),
      drained: note("drained"),
      retire: note("retire"),
      closed: note("closed"),
    };
    leg = new ClientLeg(
      (begun) =>
        new FirstBytes(begun, 1_000, (isHttp2) => {
          happened.push(isHttp2 ? "HTTP/2" : "HTTP/1");
          begun.serve(served);
          return served;
        }),
    );
    leg.read({
      done: true,
      data: (chunk) => happened.push(`sent ${String(chunk)}`) > 0,
      end: note("FIN"),
      failed: ({ code }) => {
        happened.push(code);
        leg.reset();
      },
    });
  });
  afterEach(() => clock.restore());

  for (const [text, protocol] of [
    ["PRI * HTTP/2.0\r\n", "HTTP/2"],
    ["PRI ", "HTTP/2"],
    ["PRIX / HTTP/1.1\r\n", "HTTP/1"],
    ["POST / HTTP/1.1\r\n", "HTTP/1"],
    ["\r\n", "HTTP/1"],
  ] as const) {
    it(`tell ${protocol} by ${JSON.stringify(text)}, in one piece and in single bytes, and all of them arrive`, () => {
      for (const byte of text) leg.write(Buffer.from(byte));
      expect(happened[0]).to.equal(protocol);
      expect(happened.slice(1).join("").replaceAll("received ", "")).to.equal(text);
      expect(clock.waiting).to.equal(0);
    });
  }

  it("are what came before the client ended, too", () => {
    leg.write(Buffer.from("PR"));
    leg.end();
    expect(happened).to.deep.equal(["HTTP/1", "received PR", "ended"]);
    expect(clock.waiting).to.equal(0);
  });

  it("are not waited for once the client has ended", () => {
    leg.end();
    expect(happened).to.deep.equal(["FIN"]);
    expect(clock.waiting).to.equal(0);
  });

  it("are not waited for at a drain", () => {
    leg.retire();
    expect(happened).to.deep.equal(["FIN"]);
  });

  it("are not waited for beyond their time, however they come", () => {
    leg.write(Buffer.from("P"));
    clock.pass(999);
    leg.write(Buffer.from("R"));
    clock.pass(1);
    expect(happened).to.deep.equal(["SLUICE_CLOSED"]);
  });
});
