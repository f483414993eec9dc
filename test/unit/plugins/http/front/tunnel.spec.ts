import { expect } from "chai";
import { Duplex } from "node:stream";
import { SluiceError } from "sluice";
import { ClientLeg, type LegConsumer } from "../../../../../plugins/http/front/client-leg.ts";
import { Tunnel, type TunnelTraffic } from "../../../../../plugins/http/front/tunnel.ts";

const nobody: LegConsumer = {
  pending: 0,
  received: () => true,
  ended: () => undefined,
  drained: () => undefined,
  retire: () => undefined,
  closed: () => undefined,
};

/** An upstream whose other end is the test. */
class Upstream extends Duplex {
  got = "";
  /** Lets the next write through; unset: at once. */
  go: (() => void) | undefined;
  isSlow = false;

  override _read(): void {
    // It is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.got += String(chunk);
    if (this.isSlow) this.go = done;
    else done();
  }

  override _final(done: () => void): void {
    this.got += "|FIN";
    done();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("A tunnel", () => {
  let sent: string;
  let reads: boolean;
  let overs: TunnelTraffic[];
  let upstream: Upstream;
  let leg: ClientLeg;
  let room: number;
  beforeEach(() => {
    sent = "";
    reads = true;
    overs = [];
    room = 0;
    upstream = new Upstream({ highWaterMark: 4, allowHalfOpen: true });
    leg = new ClientLeg(() => nobody);
    leg.onDrain = () => (room += 1);
    leg.read({
      done: true,
      data: (chunk) => {
        sent += String(chunk).replace(/^HTTP[^]*\r\n\r\n/, "101|");
        return reads;
      },
      end: () => void (sent += "|FIN"),
      failed: ({ code }) => {
        sent += `|${code}`;
        leg.reset();
      },
    });
  });

  const open = (): void => new Tunnel(leg, upstream, (passed) => overs.push(passed)).open({ protocol: "websocket", fields: [] });

  it("passes both ways, each end by itself, and tells once what passed", async () => {
    open();
    upstream.push("hello");
    leg.write(Buffer.from("hi"));
    upstream.push(null);
    await turn();
    expect(sent).to.equal("101|hello|FIN");
    leg.write(Buffer.from("!"));
    leg.end();
    await turn();
    expect([upstream.got, overs]).to.deep.equal(["hi!|FIN", [{ fromClient: 3, fromUpstream: 5 }]]);
  });

  it("stops each side while the other takes no more", async () => {
    upstream.isSlow = true;
    open();
    expect(leg.write(Buffer.from("hello"))).to.equal(false);
    upstream.go?.();
    await turn();
    expect(room).to.equal(1);
    reads = false;
    upstream.push("a");
    await turn();
    upstream.push("b");
    await turn();
    expect([sent, upstream.isPaused()]).to.deep.equal(["101|a", true]);
    reads = true;
    leg.resume();
    await turn();
    expect(sent).to.equal("101|ab");
  });

  it("breaks off for the client where the upstream does, with its error", async () => {
    open();
    upstream.destroy(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", "late"));
    await turn();
    expect([sent, overs]).to.deep.equal(["101||SLUICE_UPSTREAM_TIMEOUT", [{ fromClient: 0, fromUpstream: 0 }]]);
  });

  it("breaks off for the upstream where the client does", async () => {
    open();
    leg.reset();
    await turn();
    expect([upstream.errored, overs.length]).to.satisfy(([error, times]: [unknown, number]) => SluiceError.is(error) && times === 1);
  });

  it("breaks off at once where the upstream has gone before", async () => {
    upstream.destroy();
    await turn();
    open();
    expect([sent, overs.length]).to.deep.equal(["101||SLUICE_UPSTREAM_RESET", 1]);
  });

  it("is not opened with a field that may not be sent", () => {
    expect(() =>
      new Tunnel(leg, upstream, (passed) => overs.push(passed)).open({ protocol: "websocket", fields: ["a", "b\r\nc"] }),
    ).to.throw(TypeError);
    expect([sent, overs]).to.deep.equal(["", []]);
  });
});
