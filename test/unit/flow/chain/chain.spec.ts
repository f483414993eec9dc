import { expect } from "chai";
import { NEVER, type Observable, type OperatorFunction } from "rxjs";
import { Chain } from "../../../../core/flow/chain/chain.ts";
import type { ChunkFunction, Step } from "../../../../core/flow/chain/chain.ts";
import { carry } from "../../../../core/flow/operators/carry.ts";
import { each, stagesDownTo } from "../../../../core/flow/operators/each.ts";

const step = (run: ChunkFunction, plugin = "p"): Step => ({ run, plugin });
const add =
  (letter: string): ChunkFunction =>
  (chunk) =>
    Buffer.from(chunk.toString() + letter);
const letters = "abcdefghijklm";
const boom = (): never => {
  throw new Error("boom");
};

describe("Chain", () => {
  for (const count of [1, 6, 7, 13]) {
    it(`gives the state of each carry to its own step, in every place of a chain of ${count}, and behind a promise`, async () => {
      const counting = (begin: unknown, late: boolean): OperatorFunction<Buffer, Buffer> =>
        carry({
          start: () => begin,
          step: (state, chunk) => {
            const added = Buffer.from(`${String(chunk)} ${String(state)}`);
            return late ? Promise.resolve(added) : added;
          },
        });
      for (const late of [-1, 0, count - 1]) {
        const made = Array.from({ length: count }, (_, at) =>
          at % 3 === 2 ? each(add(`+${at}`)) : counting(at === 4 ? undefined : at, at === late),
        );
        const chain = new Chain(
          stagesDownTo(
            made.reduce<Observable<Buffer>>((data, one) => data.pipe(one), NEVER),
            NEVER,
          ).steps,
        );
        chain.begin();
        const expected = Array.from({ length: count }, (_, at) => (at % 3 === 2 ? `+${at}` : ` ${String(at === 4 ? undefined : at)}`));
        expect(String(await chain.run(Buffer.from("x")))).to.equal(`x${expected.join("")}`);
      }
    });
  }

  for (const count of [1, 5, 6, 7, 12, 13]) {
    it(`runs ${count} stages in order`, () => {
      const chain = new Chain(Array.from({ length: count }, (_, at) => step(add(letters[at] ?? ""))));
      expect(String(chain.run(Buffer.from("")))).to.equal(letters.slice(0, count));
    });

    it(`waits for a promise in any of ${count} stages and continues after it`, async () => {
      for (let slow = 0; slow < count; slow += 1) {
        const steps = Array.from({ length: count }, (_, at) => {
          const work = add(letters[at] ?? "");
          return step(at === slow ? (chunk) => Promise.resolve(work(chunk)) : work);
        });
        expect(String(await new Chain(steps).run(Buffer.from("")))).to.equal(letters.slice(0, count));
      }
    });

    it(`blames the plugin of the one of ${count} stages that throws, rejects or does not return a chunk`, async () => {
      const faults: ChunkFunction[] = [boom, () => Promise.reject(new Error("boom")), () => "text" as never, () => undefined as never];
      for (let bad = 0; bad < count; bad += 1) {
        for (const fault of faults) {
          const chain = new Chain(Array.from({ length: count }, (_, at) => step(at === bad ? fault : (chunk) => chunk, `plugin ${at}`)));
          let failed = false;
          try {
            await chain.run(Buffer.from("x"));
          } catch {
            failed = true;
          }
          expect([failed, chain.blame]).to.deep.equal([true, `plugin ${bad}`]);
        }
      }
    });
  }

  it("stops where a stage drops the chunk, at once or later", async () => {
    const behind: string[] = [];
    const note: ChunkFunction = (chunk) => {
      behind.push(String(chunk));
      return chunk;
    };
    expect(new Chain([step(() => null), step(note)]).run(Buffer.from("x"))).to.equal(null);
    expect(await new Chain([step(() => Promise.resolve(null)), step(note)]).run(Buffer.from("x"))).to.equal(null);
    expect(behind).to.deep.equal([]);
  });

  it("lets a plugin pass any value between its own stages, and only a chunk to the next plugin", () => {
    const chain = new Chain([step((chunk) => String(chunk) as never), step((text) => Buffer.from(`${text as unknown as string}!`))]);
    expect(String(chain.run(Buffer.from("x")))).to.equal("x!");
  });
});
