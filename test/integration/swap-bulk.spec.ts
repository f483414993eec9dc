import { expect } from "chai";
import { each } from "sluice/flow";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import { pieces, randomMebibytes } from "../support/random-bytes.ts";
import { both, shapes } from "../support/shapes.ts";
import { connect, readBytes, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const turns = 40;

/** Waits until more bytes have come than so far. */
const moved = (count: () => number): Promise<unknown> => {
  const before = count();
  return eventually(() => expect(count(), "bytes that have come").to.be.above(before), { within: 20_000 });
};

describe("swap under load [data path]", function () {
  this.timeout(120_000);

  it("loses no byte of 32 MiB and more in each direction while a plugin is toggled 40 times", async () => {
    const bytes = randomMebibytes(32);
    const seen: number[] = [];
    const counting = (turn: number): ReturnType<typeof both> =>
      both("counting", (data) =>
        data.pipe(
          each((chunk) => {
            seen[turn] = (seen[turn] ?? 0) + chunk.length;
            return chunk;
          }),
        ),
      );
    const { port, proxy, config, all } = await startForward(cleanup, "echo");
    const client = await connect(port());
    let come = 0;
    const echoed = digestOf(client, (count) => (come = count));
    const toggled = (async () => {
      await moved(() => come);
      for (let turn = 1; turn <= turns; turn += 1) {
        // Each toggle has to be at work before the next.
        await proxy.apply(config(turn % 2 === 1 ? [counting(turn)] : []));
        await moved(() => (turn % 2 === 1 ? (seen[turn] ?? 0) : come));
        expect([...proxy.sessions].map((session) => session.generation)).to.deep.equal([turn + 1]);
      }
    })();
    // The transfer goes on until the last toggle: its bytes again and again, then the end.
    let sent = 0;
    const state = { over: false };
    void toggled.finally(() => (state.over = true)).catch(() => undefined);
    function* endless(): Generator<Buffer> {
      for (const piece of pieces(bytes, [65_537, 1000, 256 * 1024])) {
        sent += piece.length;
        yield piece;
      }
      while (!state.over) {
        const piece = bytes.subarray(0, 65_536);
        extra.push(piece);
        sent += piece.length;
        yield piece;
      }
    }
    const extra: Buffer[] = [];
    await Promise.all([toggled, send(client, endless())]);
    expect(await echoed).to.deep.equal({ bytes: sent, sha256: sha256(Buffer.concat([bytes, ...extra])) });
    expect(Object.keys(seen), "toggles at work").to.have.length(turns / 2);
    expect(all("swapped")).to.have.length(turns);
    expect(all("session-ended").map(({ record }) => record.reason)).to.satisfy((reasons: string[]) =>
      reasons.every((reason) => reason === "closed"),
    );
  });

  it("loses no byte while the pipeline changes from any kind of operators to any other kind", async () => {
    const bytes = randomMebibytes(1);
    const { port, proxy, config } = await startForward(cleanup, "echo");
    const client = await connect(port());
    let come = 0;
    const echoed = digestOf(client, (count) => (come = count));
    const state = { over: false };
    const kinds = Object.values(shapes);
    const changed = (async () => {
      for (const from of kinds) {
        for (const to of kinds) {
          for (const plugins of [from, to]) {
            await proxy.apply(config(plugins()));
            await moved(() => come);
          }
        }
      }
    })().finally(() => (state.over = true));
    let rounds = 0;
    function* rounded(): Generator<Buffer> {
      for (; !state.over; rounds += 1) yield* pieces(bytes, [65_537, 1000, 16_384, 200_000]);
    }
    await Promise.all([changed, send(client, rounded())]);
    const expected = sha256(Buffer.concat(Array.from({ length: rounds }, () => bytes)));
    expect(await echoed).to.deep.equal({ bytes: rounds * bytes.length, sha256: expected });
  });

  it("applies each toggle to a connection that stays open", async () => {
    const upper = (): ReturnType<typeof both> =>
      both("upper", (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))));
    const { port, proxy, config } = await startForward(cleanup, "echo");
    const client = await connect(port());
    for (let turn = 0; turn < turns; turn += 1) {
      client.write("ping");
      expect((await readBytes(client, 4)).toString()).to.equal(turn % 2 === 1 ? "PING" : "ping");
      await proxy.apply(config(turn % 2 === 0 ? [upper()] : []));
    }
    client.destroy();
  });
});
