import { expect } from "chai";
import { Socket } from "node:net";
import { getHeapSpaceStatistics } from "node:v8";
import { SocketOptions } from "../../../../core/net/node/socket-options.ts";

const SOCKETS = 500;
const ROUNDS = 8;

/** Where V8 has its hidden classes; what is young is elsewhere. */
function oldGeneration(): number {
  const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space");
  return old?.space_used_size ?? 0;
}

function grownBySockets(): number {
  const before = oldGeneration();
  for (let count = 0; count < SOCKETS; count += 1) new Socket(new SocketOptions()).destroy();
  return (oldGeneration() - before) / SOCKETS;
}

describe("SocketOptions", () => {
  it("give Node's constructor nothing to add, so a socket makes no hidden classes of its own", () => {
    // The first rounds compile, and a collection may come into one.
    const rounds = Array.from({ length: ROUNDS }, grownBySockets);
    // With any one of them missing it is 500 bytes and more on Node 20.
    expect(Math.min(...rounds.map(Math.abs))).to.be.lessThan(250);
  });
});
