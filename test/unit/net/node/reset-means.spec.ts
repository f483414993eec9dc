import { expect } from "chai";
import { missingForResets, resetIsTold, resetReaches, tryResets } from "../../../../core/net/node/reset-means.ts";
import { resetSocket } from "../../../../core/net/node/reset-socket.ts";
import { wasReset } from "../../../../core/net/node/was-reset.ts";

describe("What resets need of Node", () => {
  it("is all there", async () => {
    await tryResets();
    expect(missingForResets()).to.deep.equal([]);
  });

  it("is seen to be missing where a reset is an ordinary end for the peer", async () => {
    expect(await resetReaches(resetSocket)).to.equal(true);
    expect(await resetReaches((socket) => void socket.destroy())).to.equal(false);
    expect(await resetReaches((socket) => void socket.end())).to.equal(false);
  });

  it("is seen to be missing where nothing tells a reset, or everything does", async () => {
    expect(await resetIsTold(wasReset)).to.equal(true);
    expect(await resetIsTold(() => false)).to.equal(false);
    expect(await resetIsTold(() => true)).to.equal(false);
  });
});
