import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { pieces, randomMebibytes } from "../support/random-bytes.ts";
import { shapes } from "../support/shapes.ts";
import { connect, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const chunkings: Readonly<Record<string, { readonly mebibytes: number; readonly sizes: readonly number[] }>> = {
  "in one piece": { mebibytes: 10, sizes: [10 * 1024 * 1024] },
  "in pieces of 65,537 bytes": { mebibytes: 10, sizes: [65_537] },
  "in uneven pieces": { mebibytes: 10, sizes: [1, 64 * 1024, 7, 1460, 16_385, 300, 33_000] },
};

describe("bulk transfer [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    for (const [chunking, { mebibytes, sizes }] of Object.entries(chunkings)) {
      it(`carries 10 MiB both ways at once, ${chunking}, with ${shape}`, async () => {
        const bytes = randomMebibytes(mebibytes);
        const { port, ended } = await startForward(cleanup, "echo", { plugins: plugins() });
        const client = await connect(port());
        const [echoed] = await Promise.all([digestOf(client), send(client, pieces(bytes, sizes))]);
        expect(echoed).to.deep.equal({ bytes: bytes.length, sha256: sha256(bytes) });
        const record = await ended("closed");
        expect([record.fromClient.bytes, record.fromUpstream.bytes]).to.deep.equal([bytes.length, bytes.length]);
      });
    }

    it(`carries writes of one byte, with ${shape}`, async () => {
      const bytes = randomMebibytes(1).subarray(0, 2000);
      const { port } = await startForward(cleanup, "echo", { plugins: plugins() });
      const client = await connect(port());
      const [echoed] = await Promise.all([digestOf(client), send(client, pieces(bytes, [1]))]);
      expect(echoed.sha256).to.equal(sha256(bytes));
    });
  }
});
