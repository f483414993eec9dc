import { expect } from "chai";
import { Evaluation } from "../../../../core/config/load/evaluation.ts";

type Graph = Readonly<Record<string, readonly string[]>>;

/** A graph of modules, and what happens in it: `a` for a module that runs; those that await go on when `go` is called. */
class Modules {
  readonly events: string[] = [];
  readonly #evaluations = new Map<string, Evaluation>();
  readonly #waiting = new Map<string, (error?: Error) => void>();

  constructor(graph: Graph, awaiting: readonly string[] = [], throwing: readonly string[] = []) {
    for (const [name, imports] of Object.entries(graph)) {
      const execute = (): unknown => {
        this.events.push(name);
        if (throwing.includes(name)) throw new Error(name);
        if (!awaiting.includes(name)) return undefined;
        return new Promise<void>((resolve, reject) =>
          this.#waiting.set(name, (error) => {
            if (error === undefined) resolve();
            else reject(error);
          }),
        );
      };
      const module = { imports: () => imports.map((each) => this.at(each)), awaits: awaiting.includes(name), execute };
      this.#evaluations.set(name, new Evaluation(module));
    }
  }

  at(name: string): Evaluation {
    return this.#evaluations.get(name) ?? expect.fail(name);
  }

  /** Evaluates a module; returns what is still to be awaited. */
  evaluate(name: string): Promise<void> | undefined {
    const steps = this.at(name).evaluate();
    for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
  }

  async go(name: string, error?: Error): Promise<void> {
    this.#waiting.get(name)?.(error);
    await new Promise(setImmediate);
  }

  get seen(): string {
    return this.events.join(" ");
  }
}

const order = (graph: Graph): string => {
  const modules = new Modules(graph);
  expect(modules.evaluate("a")).to.equal(undefined);
  return modules.seen;
};

describe("The evaluation of modules", () => {
  it("has the imports of a module before it, in their order, each once", () => {
    expect(order({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })).to.equal("d b c a");
  });

  it("has them in their order in circles too", () => {
    expect(order({ a: ["b"], b: ["c", "e"], c: ["d"], d: ["b"], e: [] })).to.equal("d c e b a");
    expect(order({ a: ["b", "c"], b: ["a"], c: [] })).to.equal("b c a");
    expect(order({ a: ["a"] })).to.equal("a");
    expect(order({ a: ["b"], b: ["c", "d"], c: ["b"], d: ["c"] })).to.equal("c d b a");
  });

  it("lets a module that imports nothing that awaits run at once, and the others when what they import is done", async () => {
    const modules = new Modules({ a: ["b", "c", "d"], b: [], c: [], d: ["b"] }, ["b"]);
    const done = modules.evaluate("a");
    expect(modules.seen).to.equal("b c");
    await modules.go("b");
    await done;
    expect(modules.seen).to.equal("b c d a");
  });

  it("runs those that can go on at the same time in the order in which they were reached", async () => {
    const modules = new Modules({ a: ["b", "c", "d"], b: ["x"], c: ["b"], d: ["x"], x: [] }, ["x"]);
    void modules.evaluate("a");
    await modules.go("x");
    expect(modules.seen).to.equal("x b c d a");
  });

  it("waits for each import that awaits, whichever is done first", async () => {
    const modules = new Modules({ a: ["b", "c"], b: [], c: [] }, ["b", "c"]);
    void modules.evaluate("a");
    await modules.go("c");
    expect(modules.seen).to.equal("b c");
    await modules.go("b");
    expect(modules.seen).to.equal("b c a");
  });

  it("waits for a circle in which a module awaits, whichever of its modules is imported", async () => {
    const modules = new Modules({ a: ["b"], b: ["c", "x"], c: ["b"], x: [], late: ["c"] }, ["x"]);
    void modules.evaluate("a");
    void modules.evaluate("late");
    expect(modules.seen).to.equal("c x");
    await modules.go("x");
    expect(modules.seen).to.equal("c x b a late");
  });

  it("ends with what a module throws, each time, and runs none that imports it", async () => {
    const modules = new Modules({ a: ["b", "c"], b: [], c: [] }, [], ["b"]);
    for (const each of ["a", "a", "b"]) expect(() => modules.evaluate(each)).to.throw("b");
    expect(modules.seen).to.equal("b");
    const late = new Modules({ a: ["b", "c"], b: [], c: ["b"] }, ["b"]);
    const ends = late.evaluate("a")?.catch((error: unknown) => String(error));
    await late.go("b", new Error("after an await"));
    expect(await ends).to.equal("Error: after an await");
    expect(late.seen).to.equal("b");
  });

  it("may be left alone between two modules while others are done", async () => {
    const modules = new Modules({ a: ["b", "c", "d"], b: [], c: ["b"], d: ["b"] }, ["b"]);
    const steps = modules.at("a").evaluate();
    steps.next();
    await modules.go("b");
    for (const _ of steps);
    expect(modules.seen).to.equal("b c d a");
  });

  it("knows whether something would await", () => {
    const modules = new Modules({ a: ["b"], b: ["c", "a"], c: [], d: [] }, ["c"]);
    expect([modules.at("a").willAwait, modules.at("d").willAwait]).to.deep.equal([true, false]);
  });
});
