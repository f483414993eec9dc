import { expect } from "chai";
import { map, Observable, type OperatorFunction } from "rxjs";
import type { Session } from "../../../core/contract/index.ts";
import { each } from "../../../core/flow/operators/each.ts";
import { buildOperators, type ByteHook, type OperatorsOwner } from "../../../core/flow/pump/operators.ts";

const owner: OperatorsOwner = {
  session: {} as Session,
  flowFault: (plugin) => {
    throw new Error(`${plugin} failed`);
  },
};

const hookOf = (plugin: string, operator: OperatorFunction<Buffer, Buffer>): ByteHook => ({
  plugin,
  onError: "close",
  borrows: true,
  apply: (data) => data.pipe(operator),
});

const append =
  (letter: string): ((chunk: Buffer) => Buffer) =>
  (chunk) =>
    Buffer.from(chunk.toString() + letter);
const sixEach = (): ByteHook[] => ["a", "b", "c", "d", "e", "f"].map((letter) => hookOf(letter, each(append(letter))));

/** How many subscriptions to any Observable the work makes. */
function subscriptionsDuring(work: () => void): number {
  const original = Object.getOwnPropertyDescriptor(Observable.prototype, "subscribe") ?? {};
  const subscribe = original.value as (...observer: unknown[]) => unknown;
  let count = 0;
  const counting = function counting(this: unknown, ...observer: unknown[]): unknown {
    count += 1;
    return Reflect.apply(subscribe, this, observer);
  };
  Object.defineProperty(Observable.prototype, "subscribe", { ...original, value: counting });
  try {
    work();
  } finally {
    Object.defineProperty(Observable.prototype, "subscribe", original);
  }
  return count;
}

/** How many array elements `slice` copies during the work. */
function copiesDuring(work: () => void): number {
  const original = Object.getOwnPropertyDescriptor(Array.prototype, "slice") ?? {};
  const slice = original.value as (...bounds: unknown[]) => unknown[];
  let count = 0;
  const counting = function counting(this: unknown, ...bounds: unknown[]): unknown[] {
    const part = Reflect.apply(slice, this, bounds);
    count += part.length;
    return part;
  };
  // oxlint-disable-next-line no-extend-native -- for the time of the work, to count what it copies
  Object.defineProperty(Array.prototype, "slice", { ...original, value: counting });
  try {
    work();
  } finally {
    // oxlint-disable-next-line no-extend-native -- back to what it was
    Object.defineProperty(Array.prototype, "slice", original);
  }
  return count;
}

describe("the composed path", () => {
  it("makes one function of six plugins that use each, without an RxJS subscription", () => {
    let result = "";
    const subscriptions = subscriptionsDuring(() => {
      const { chain, raw } = buildOperators(sixEach(), owner);
      expect(raw).to.deep.equal([]);
      result = String(chain?.run(Buffer.from("-")));
    });
    expect(result).to.equal("-abcdef");
    expect(subscriptions).to.equal(0);
  });

  it("composes more stages than are unrolled, and several stages of one plugin", () => {
    const twice = hookOf("twice", (data) => data.pipe(each(append("y")), each(append("z"))));
    const { chain } = buildOperators([...sixEach(), ...sixEach(), twice], owner);
    expect(String(chain?.run(Buffer.from("-")))).to.equal("-abcdefabcdefyz");
  });

  it("is made of ten times as many plugins with ten times the work, and runs thousands", () => {
    const many = Array.from({ length: 6000 }, (_, at) =>
      hookOf(
        `p${at}`,
        each((chunk) => chunk),
      ),
    );
    const copies = (count: number): number => copiesDuring(() => buildOperators(many.slice(0, count), owner));
    expect(copies(6000)).to.be.at.most(10 * copies(600) + 100);
    const { chain } = buildOperators([...many, hookOf("last", each(append("z")))], owner);
    expect(String(chain?.run(Buffer.from("-")))).to.equal("-z");
  });

  it("is not taken when one plugin uses another operator, which is then named", () => {
    const hooks = [...sixEach(), hookOf("mapper", map((chunk) => chunk))]; // oxfmt-ignore
    const { chain, raw, output } = buildOperators(hooks, owner);
    expect(chain).to.equal(undefined);
    expect(raw).to.deep.equal(["mapper"]);
    expect(subscriptionsDuring(() => output.subscribe())).to.be.greaterThan(0);
  });

  it("is taken by plugins that are bypassed when they fail", () => {
    const hooks = sixEach().map((hook) => ({ ...hook, onError: "bypass" as const }));
    const { chain } = buildOperators(hooks, owner);
    expect(String(chain?.run(Buffer.from("-")))).to.equal("-abcdef");
  });
});
