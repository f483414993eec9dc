import { expect } from "chai";
import { last, merge, Subject, takeUntil, type MonoTypeOperatorFunction, type Observable } from "rxjs";
import { each, inject } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { startForward } from "../support/forward.ts";
import { pieces, randomMebibytes } from "../support/random-bytes.ts";
import { connect, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const ways: Readonly<Record<string, (back: Observable<Buffer>) => MonoTypeOperatorFunction<Buffer>>> = {
  inject: (back) => inject(back),
  merge: (back) => (data) => merge(data, back.pipe(takeUntil(data.pipe(last(undefined, null))))),
};

describe("chunks that were lent to another flow [data path]", () => {
  for (const [way, into] of Object.entries(ways))
    it(`arrive unchanged at a client that reads slowly, although their memory is reused: ${way}`, async () => {
      const bytes = randomMebibytes(32);
      const back = new Subject<Buffer>();
      const mirror = plugin("mirror", {
        borrows: true,
        fromClient: (data) =>
          data.pipe(
            each((chunk) => {
              back.next(chunk);
              return chunk;
            }),
          ),
        fromUpstream: (data) => data.pipe(into(back)),
      });
      const { port, upstream } = await startForward(cleanup, (socket) => void socket.resume().once("end", () => socket.end()), {
        plugins: [mirror],
        limits: { bufferPerFlow: "1GiB" },
      });
      const client = await connect(port());
      const mirrored = digestOf(client, () => {
        client.pause();
        setTimeout(() => client.resume(), 1);
      });
      await send(client, pieces(bytes, [1024 * 1024]));
      expect(await mirrored).to.deep.equal({ bytes: bytes.length, sha256: sha256(bytes) });
      expect(upstream.connections).to.equal(1);
    });
});
