/** A module that can be evaluated. */
export interface Evaluable {
  /** The modules that it imports, in the order of its imports. */
  imports(): readonly Evaluation[];
  /** Whether it has a top-level await. */
  readonly awaits: boolean;
  /** Runs its code. The result is a promise if it awaits. */
  execute(): unknown;
}

/** How many modules have waited: those that can go on at the same time do so in the order in which they began to wait. */
let waited = 0;

/**
 * The evaluation of a module by ECMAScript's rules (ECMA-262 §16.2.1.6, Cyclic Module Records, whose names it has): what a module imports is
 * evaluated before it, in a circle too, and it waits for a top-level await only if it imports the module that awaits, directly or not.
 */
export class Evaluation {
  /** "async": it waits, for itself or for something that it imports. */
  #state: "linked" | "evaluating" | "async" | "evaluated" = "linked";
  #failure: { readonly error: unknown } | undefined;
  /** The places of Tarjan's algorithm (Depth-first search and linear graph algorithms, 1972), which finds circles of imports. */
  #index = 0;
  #ancestor = 0;
  /** The first member of its circle, or itself. */
  #root: Evaluation | undefined;
  /** 0: it does not wait. */
  #asyncOrder = 0;
  /** For how many imports it waits. Its own walk through them counts as one. */
  #pending = 1;
  readonly #parents: Evaluation[] = [];
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];

  constructor(private readonly module: Evaluable) {}

  get isEvaluated(): boolean {
    return this.#state === "evaluated";
  }

  /** Whether a module that is not evaluated yet, of those that it needs, awaits. */
  get willAwait(): boolean {
    const needed = new Set<Evaluation>([this]);
    for (const each of needed) {
      if (each.#state === "async" || (each.#state === "linked" && each.module.awaits)) return true;
      if (each.#state === "linked") for (const next of each.module.imports()) needed.add(next);
    }
    return false;
  }

  /**
   * Evaluates the module and what it imports, unless that has begun. It may be left alone for a while at each `yield`, but only one walk of this
   * kind may be under way at a time, and those that it starts itself.
   *
   * @returns what is still to be awaited, if anything
   * @throws what a module has thrown, now or before
   */
  *evaluate(): Generator<void, Promise<void> | undefined> {
    const stack: Evaluation[] = [];
    try {
      yield* this.#inner(stack, 0);
    } catch (error) {
      for (const each of stack) each.#finish({ error });
      throw error;
    }
    const root = this.#root ?? this;
    if (root.#failure !== undefined) throw root.#failure.error;
    return root.#state === "async" ? root.#promise() : undefined;
  }

  /** InnerModuleEvaluation. @returns the next free index */
  *#inner(stack: Evaluation[], index: number): Generator<void, number> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#state !== "linked") return index;
    this.#state = "evaluating";
    this.#index = this.#ancestor = index;
    stack.push(this);
    let next = index + 1;
    for (const required of this.module.imports()) {
      next = yield* required.#inner(stack, next);
      this.#require(required, stack);
    }
    this.#begin();
    yield;
    if (this.#ancestor === this.#index) for (const each of stack.splice(stack.lastIndexOf(this))) each.#close(this);
    return next;
  }

  #require(required: Evaluation, stack: readonly Evaluation[]): void {
    const isOpen = stack.includes(required);
    if (isOpen) this.#ancestor = Math.min(this.#ancestor, required.#ancestor);
    const awaited = isOpen ? required : (required.#root ?? required);
    if (awaited.#failure !== undefined) throw awaited.#failure.error;
    if (awaited.#asyncOrder === 0) return;
    this.#pending++;
    awaited.#parents.push(this);
  }

  #begin(): void {
    // While it was left alone, an import may have failed.
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#pending--;
    if (this.#pending === 0 && !this.module.awaits) {
      this.module.execute();
      return;
    }
    this.#asyncOrder = ++waited;
    if (this.#pending === 0) this.#executeAsync();
  }

  #close(root: Evaluation): void {
    this.#root = root;
    this.#state = this.#asyncOrder === 0 ? "evaluated" : "async";
  }

  #executeAsync(): void {
    try {
      (this.module.execute() as Promise<unknown>).then(
        () => this.#fulfilled(),
        (error: unknown) => this.#rejected(error),
      );
    } catch (error) {
      this.#rejected(error);
    }
  }

  #fulfilled(): void {
    if (this.#failure !== undefined) return;
    this.#finish(undefined);
    const ready: Evaluation[] = [];
    this.#gather(ready);
    for (const each of ready.toSorted((a, b) => a.#asyncOrder - b.#asyncOrder)) each.#goOn();
  }

  /** GatherAvailableAncestors: all that can run now. */
  #gather(ready: Evaluation[]): void {
    for (const parent of this.#parents) {
      if (ready.includes(parent) || (parent.#root ?? parent).#failure !== undefined) continue;
      parent.#pending--;
      if (parent.#pending > 0) continue;
      ready.push(parent);
      if (!parent.module.awaits) parent.#gather(ready);
    }
  }

  #goOn(): void {
    if (this.#failure !== undefined) return;
    if (this.module.awaits) {
      this.#executeAsync();
      return;
    }
    try {
      this.module.execute();
      this.#finish(undefined);
    } catch (error) {
      this.#rejected(error);
    }
  }

  #rejected(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#finish({ error });
    for (const parent of this.#parents) parent.#rejected(error);
  }

  #finish(failure: { readonly error: unknown } | undefined): void {
    this.#failure = failure;
    this.#asyncOrder = 0;
    this.#state = "evaluated";
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (failure === undefined) resolve();
      else reject(failure.error);
    }
  }

  #promise(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}
