import { expect } from "chai";
import { connect, createServer, Socket, type AddressInfo } from "node:net";
import { eventOf } from "../../../support/bounded.ts";
import { race, type PendingConnection, type Destination } from "../../../../core/net/dial/race.ts";

// Sockets that never open: the test says when they connect or fail. A stagger that is due runs on the real clock.
function fakes() {
  const dialled: (PendingConnection & { readonly host: string })[] = [];
  const dial = (place: Destination) => {
    const socket = new Socket();
    socket.on("error", () => undefined);
    const entry = { socket, host: "host" in place ? place.host : place.path };
    dialled.push(entry);
    return entry;
  };
  return { dialled, dial, hosts: () => dialled.map(({ host }) => host) };
}

const places = (...hosts: string[]): Destination[] => hosts.map((host) => ({ host, port: 1 }));

describe("racing places", () => {
  it("dials the next at once when one fails, and gives the first failure when all have failed", () => {
    const { dialled, dial, hosts } = fakes();
    let failure: unknown;
    race({ places: places("a", "b"), dial, won: () => expect.fail(), lost: (error) => (failure = error) });
    const [first, second] = [new Error("first"), new Error("second")];
    expect(hosts()).to.deep.equal(["a"]);
    dialled[0]?.socket.emit("error", first);
    expect(hosts()).to.deep.equal(["a", "b"]);
    dialled[1]?.socket.emit("error", second);
    expect(failure).to.equal(first);
  });

  it("counts what dialling throws as a failure of that place", () => {
    const { dialled, dial } = fakes();
    const refusal = new Error("no");
    const won: string[] = [];
    race({
      places: places("a", "b"),
      dial: (place) => {
        if ("host" in place && place.host === "a") throw refusal;
        return dial(place);
      },
      won: ({ host }) => won.push(host),
      lost: () => expect.fail(),
    });
    dialled[0]?.socket.emit("connect");
    expect(won).to.deep.equal(["b"]);
  });

  it("lets the next join a place that says nothing, and destroys it once the other has connected", (done) => {
    const { dialled, dial } = fakes();
    const slow = dial;
    race({
      places: places("a", "b", "c"),
      dial: (place) => {
        const entry = slow(place);
        if (entry.host === "b") setImmediate(() => entry.socket.emit("connect"));
        return entry;
      },
      won: ({ host }) => {
        expect(host).to.equal("b");
        expect(dialled.map(({ socket }) => socket.destroyed)).to.deep.equal([true, false]);
        done();
      },
      lost: () => expect.fail(),
    });
  });

  it("destroys every socket and calls back no more once aborted", () => {
    const { dialled, dial } = fakes();
    const abort = race({ places: places("a", "b"), dial, won: () => expect.fail(), lost: () => expect.fail() });
    abort();
    expect(dialled[0]?.socket.destroyed).to.equal(true);
    dialled[0]?.socket.emit("error", new Error("late"));
    dialled[0]?.socket.emit("connect");
    expect(dialled).to.have.length(1);
  });

  it("goes on while one place is still connecting, though the others have failed", (done) => {
    const { dialled, dial } = fakes();
    race({
      places: places("a", "b"),
      dial: (place) => {
        const entry = dial(place);
        if (entry.host === "b")
          setImmediate(() => {
            entry.socket.emit("error", new Error("refused"));
            dialled[0]?.socket.emit("connect");
          });
        return entry;
      },
      won: ({ host }) => {
        expect(host).to.equal("a");
        done();
      },
      lost: (error) => done(error),
    });
  });

  it("tells of places that failed, and of those that one dialled later has overtaken, but not of those dialled after it", (done) => {
    const { dialled, dial } = fakes();
    const missed: string[] = [];
    const tell = (place: Destination): void => void missed.push("host" in place ? place.host : place.path);
    race({
      places: places("failed", "silent", "won", "after"),
      dial: (place) => {
        const entry = dial(place);
        if (entry.host === "failed") setImmediate(() => entry.socket.emit("error", new Error("refused")));
        if (entry.host === "after") setImmediate(() => dialled[2]?.socket.emit("connect"));
        return entry;
      },
      missed: tell,
      won: ({ host }, place) => {
        expect([host, place]).to.deep.equal(["won", { host: "won", port: 1 }]);
        expect(missed).to.deep.equal(["failed", "silent"]);
        done();
      },
      lost: (error) => done(error),
    });
  });

  it("tells of all that were still silent when it took too long, and of none when it was given up", () => {
    for (const [tooLong, expected] of [
      [true, ["a"]],
      [false, []],
    ] as const) {
      const missed: string[] = [];
      const { dial } = fakes();
      const abort = race({
        places: places("a", "b"),
        dial,
        missed: (place) => missed.push("host" in place ? place.host : ""),
        won: () => expect.fail(),
        lost: () => expect.fail(),
      });
      abort(tooLong);
      expect(missed).to.deep.equal(expected);
    }
  });

  it("dials no other place when it was the process that stood still, and not the place", async () => {
    const server = createServer((socket) => socket.destroy());
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    const { port } = server.address() as AddressInfo;
    const dialled: string[] = [];
    try {
      const winner = await new Promise((resolve, reject) => {
        race({
          places: places("127.0.0.1", "127.0.0.2"),
          dial: (place) => {
            const { host } = place as { host: string };
            dialled.push(host);
            return { socket: connect(port, host) };
          },
          won: ({ socket }, place) => {
            socket.destroy();
            resolve(place);
          },
          lost: reject,
        });
        // The kernel accepts meanwhile.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
      });
      expect(winner).to.deep.equal({ host: "127.0.0.1", port: 1 });
      expect(dialled).to.deep.equal(["127.0.0.1"]);
    } finally {
      server.close();
    }
  });
});
