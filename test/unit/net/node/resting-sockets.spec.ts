import { expect } from "chai";
import type { Socket } from "node:dgram";
import { RestingSockets } from "../../../../core/net/node/resting-sockets.ts";
import { bindUdp } from "../../../support/with-echo-server.ts";
import { bounded, eventOf } from "../../../support/bounded.ts";

/** Counts what happens to it. */
function fakeSocket(closed: number[], at: number): Socket {
  return { removeAllListeners: () => undefined, unref: () => undefined, close: () => closed.push(at) } as unknown as Socket;
}

describe("upstream sockets at rest", () => {
  it("keep their ports for two seconds, in which late replies are heard by nobody", async () => {
    let now = 0;
    const timers: { readonly run: () => void; readonly ms: number }[] = [];
    const resting = new RestingSockets({ now: () => now, wait: (run, ms) => void timers.push({ run, ms }) });
    resting.hold({}, 1024);
    const socket = await bindUdp();
    const heard: string[] = [];
    socket.on("message", (datagram) => heard.push(String(datagram)));
    const { port } = socket.address();
    resting.rest(socket);
    const other = await bindUdp();
    const seen = new Promise<void>((resolve) => socket.once("message", () => resolve()));
    other.send("late", port, "127.0.0.1");
    await bounded(seen, "the late reply at the socket");
    expect(heard).to.deep.equal([]);
    const again = bindUdp(port);
    await again.then(
      () => expect.fail("the port was free"),
      (error: NodeJS.ErrnoException) => expect(error.code).to.equal("EADDRINUSE"),
    );
    const closed = eventOf(socket, "close");
    now = 2_000;
    expect(timers.map(({ ms }) => ms)).to.deep.equal([2_000]);
    timers[0]?.run();
    await closed;
    other.close();
  });

  it("are closed each in its turn, with one timer for all", () => {
    let now = 0;
    const timers: { readonly run: () => void; readonly ms: number }[] = [];
    const resting = new RestingSockets({ now: () => now, wait: (run, ms) => void timers.push({ run, ms }) });
    resting.hold({}, 1024);
    const closed: number[] = [];
    for (const at of [0, 500, 1_999]) {
      now = at;
      resting.rest(fakeSocket(closed, at));
    }
    for (const at of [2_000, 2_500, 3_999]) {
      now = at;
      timers.at(-1)?.run();
      expect(closed.at(-1)).to.equal(at - 2_000);
    }
    expect([timers.map(({ ms }) => ms), resting.size]).to.deep.equal([[2_000, 500, 1_499], 0]);
  });

  it("are 256 at most: the one that rested longest goes first", () => {
    const resting = new RestingSockets({ now: () => 0, wait: () => undefined });
    resting.hold({}, 1024);
    const closed: number[] = [];
    for (let at = 0; at < 300; at += 1) resting.rest(fakeSocket(closed, at));
    expect(closed).to.deep.equal(Array.from({ length: 44 }, (_, at) => at));
    expect(resting.size).to.equal(256);
  });

  it("and those of flows together have a bound, so that they cannot use up the descriptors", () => {
    const resting = new RestingSockets({ now: () => 0, wait: () => undefined });
    const closed: number[] = [];
    const listener = {};
    resting.hold(listener, 8);
    for (let flow = 0; flow < 8; flow += 1) resting.opened();
    expect(resting.admits()).to.equal(true);
    for (const at of [0, 1, 2]) resting.rest(fakeSocket(closed, at));
    expect([closed, resting.size]).to.deep.equal([[0], 2]);
    // The one that rested longest makes room; when none rests any more, there is none.
    expect([resting.admits(), closed]).to.deep.equal([true, [0, 1]]);
    resting.opened();
    expect([resting.admits(), closed]).to.deep.equal([true, [0, 1, 2]]);
    resting.opened();
    expect(resting.admits()).to.equal(false);
    resting.hold(listener, 16);
    expect(resting.admits()).to.equal(true);
    resting.release(listener);
  });

  it("are closed at once with the last listener, and when there is none", () => {
    const resting = new RestingSockets({ now: () => 0, wait: () => undefined });
    const closed: number[] = [];
    resting.rest(fakeSocket(closed, 0));
    expect(closed).to.deep.equal([0]);
    const holders = [{}, {}];
    for (const holder of holders) resting.hold(holder, 1024);
    resting.rest(fakeSocket(closed, 1));
    resting.release(holders[0] ?? {});
    expect(closed).to.deep.equal([0]);
    resting.release(holders[1] ?? {});
    expect(closed).to.deep.equal([0, 1]);
  });
});
