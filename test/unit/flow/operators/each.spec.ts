import { expect } from "chai";
import { lastValueFrom, Subject, tap, toArray, type OperatorFunction } from "rxjs";
import { carry, each } from "sluice/flow";
import { lines, messages } from "sluice/codec";
import type { Session } from "../../../../core/contract/index.ts";
import { buildOperators } from "../../../../core/flow/pump/operators.ts";

const later = (chunk: Buffer): Promise<Buffer> => new Promise((resolve) => void setImmediate(resolve, chunk));
/** Waits for the first chunk only, so that the others queue up behind it and then pass at once. */
function firstLater(): OperatorFunction<Buffer, Buffer> {
  let first = true;
  return each((chunk) => {
    if (!first) return chunk;
    first = false;
    return later(chunk);
  });
}

/** What comes out when "123" goes in chunk by chunk, and `at` is called in the turn of chunk "2". */
async function outputOf(operator: OperatorFunction<Buffer, Buffer>, at: (source: Subject<Buffer>) => void): Promise<string> {
  const source = new Subject<Buffer>();
  const inTurn = tap<Buffer>((chunk) => {
    if (String(chunk) === "2") at(source);
  });
  const output = lastValueFrom(source.pipe(operator, inTurn, toArray()));
  for (const chunk of "123") source.next(Buffer.from(chunk));
  return Buffer.concat(await output).toString();
}

describe("each and carry among plain operators", () => {
  it("loses nothing that waits when the source completes in the turn of a chunk", async () => {
    const out = await outputOf(firstLater(), (source) => {
      source.complete();
    });
    expect(out).to.equal("123");
  });

  it("keeps the order when the source emits in the turn of a chunk", async () => {
    const out = await outputOf(firstLater(), (source) => {
      source.next(Buffer.from("4"));
      setImmediate(() => {
        source.complete();
      });
    });
    expect(out).to.equal("1234");
  });

  it("ends once, and waits for it, when the source completes in the turn of the last chunk that waited", async () => {
    const holdsLast = carry<{ held: Buffer | null }>({
      start: () => ({ held: null }),
      step: (state, chunk) => {
        const before = state.held;
        state.held = chunk;
        return before;
      },
      end: ({ held }) => held,
    });
    const source = new Subject<Buffer>();
    const completes = tap<Buffer>((chunk) => {
      if (String(chunk) === "2") source.complete();
    });
    let left = 2;
    const waits = each((chunk: Buffer) => (String(chunk) === "1" || left-- <= 0 || String(chunk) === "3" ? later(chunk) : chunk));
    const output = lastValueFrom(source.pipe(holdsLast, waits, completes, toArray()));
    for (const chunk of "123") source.next(Buffer.from(chunk));
    expect(Buffer.concat(await output).toString()).to.equal("123");
  });

  it("with onError bypass passes what a promise settles to in several parts", async () => {
    const faults: unknown[] = [];
    const owner = { session: {} as Session, flowFault: (_plugin: string, error: unknown) => void faults.push(error) };
    const codec = messages(
      lines({ encoding: "latin1" }),
      each((line) => new Promise<string>((resolve) => void setImmediate(resolve, line))),
    );
    const { output, root } = buildOperators(
      [
        { plugin: "raw", onError: "close", borrows: false, apply: (data) => data.pipe(tap(() => undefined)) },
        { plugin: "guarded", onError: "bypass", borrows: false, apply: (data) => data.pipe(each(later), codec) },
      ],
      owner,
    );
    const all = lastValueFrom(output.pipe(toArray()));
    root.next(Buffer.from("one\ntwo\nthree\n"));
    root.complete();
    expect(Buffer.concat(await all).toString()).to.equal("one\ntwo\nthree\n");
    expect(faults).to.deep.equal([]);
  });
});
