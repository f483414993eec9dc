import { expect } from "chai";
import { createHash } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { each } from "sluice/flow";
import type { PluginUse } from "sluice";
import { tlsTermination } from "sluice/plugins";
import type { Socket } from "node:net";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventOf } from "../support/bounded.ts";
import { startForward } from "../support/forward.ts";
import { pieces, randomMebibytes } from "../support/random-bytes.ts";
import { shapes } from "../support/shapes.ts";
import { sha256 } from "../support/sockets.ts";
import { send } from "../support/transfer.ts";
import { plugin } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const borrowing = (): PluginUse[] =>
  Array.from({ length: 6 }, (_, at) =>
    plugin(`borrows-${at}`, {
      borrows: true,
      fromClient: (data) => data.pipe(each((chunk) => chunk)),
      fromUpstream: (data) => data.pipe(each((chunk) => chunk)),
    }),
  );

/** Reads in bursts: stands still for some turns of the event loop after each 256 KiB, so that everything before it fills up. */
async function digestInBursts(socket: Socket): Promise<string> {
  const hash = createHash("sha256");
  let burst = 0;
  socket.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    burst += chunk.length;
    if (burst < 256 * 1024) return;
    burst = 0;
    socket.pause();
    let turns = 20;
    const wait = (): void => void (turns-- > 0 ? setImmediate(wait) : socket.resume());
    wait();
  });
  await eventOf(socket, "end", 60_000);
  return hash.digest("hex");
}

describe("bulk over TLS [data path]", function () {
  this.timeout(90_000);
  let server: TestCertificate;
  before(async () => {
    server = await createCertificate("localhost");
  });

  for (const [shape, plugins] of Object.entries({ ...shapes, "six that borrow": borrowing })) {
    it(`carries 8 MiB each way on each of three connections to readers that read in bursts, with ${shape}`, async () => {
      const [up, down] = [randomMebibytes(8), randomMebibytes(8)];
      const received: Promise<string>[] = [];
      const upstream = (socket: Socket): void => {
        received.push(digestInBursts(socket));
        void send(socket, pieces(down, [300_000, 1, 16_384, 70_001]));
      };
      const { port } = await startForward(cleanup, upstream, {
        listener: { listen: "tls://127.0.0.1:0" },
        plugins: [tlsTermination({ ...server }), ...plugins()],
      });
      const exchanges = Array.from({ length: 3 }, async () => {
        const client = cleanup.keep(connectTls({ port: port(), host: "127.0.0.1", rejectUnauthorized: false }));
        await eventOf(client, "secureConnect", 10_000);
        const [answer] = await Promise.all([digestInBursts(client), send(client, pieces(up, [500_000, 3, 16_385, 9000]))]);
        return answer;
      });
      expect(new Set(await Promise.all(exchanges))).to.deep.equal(new Set([sha256(down)]));
      expect(new Set(await Promise.all(received))).to.deep.equal(new Set([sha256(up)]));
    });
  }
});
