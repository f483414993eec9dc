import { Observable, Subscription } from "rxjs";
import { Chain } from "../chain/chain.ts";
import { stagesDownTo } from "../operators/each.ts";
import { GuardedStages } from "./guarded-stages.ts";
import { heldApart, holdingThrough } from "../operators/hold.ts";
import { emittedByHook, isAnswer, noChunk } from "../chain/fault.ts";
import { letGo } from "./let-go.ts";
import { Root } from "../chain/root.ts";

/** The most chunks that are remembered, so that they bypass an asynchronous operator when it fails. */
const REMEMBERED = 1024;

/**
 * One plugin's operators with onError "bypass": when they fail, the chunk that failed and all later ones bypass them.
 *
 * @param hook the plugin's hook; its exception when it is called is thrown on
 * @param reports `failed`: called once. `held`: returns what the plugin's states hold. `wait`: whether work has to wait until the operators are in place
 */
export function bypassing(
  data: Observable<Buffer>,
  hook: (data: Observable<Buffer>) => Observable<Buffer>,
  reports: Reports,
): Observable<Buffer> {
  const inner = new Root();
  const output = hook(inner);
  if (output === inner && !inner.observed) return data;
  const { root, steps } = stagesDownTo(output, inner);
  if (root === inner && !inner.observed)
    return new GuardedStages(data, new Chain(steps), reports.failed) as Observable<unknown> as Observable<Buffer>;
  return new Observable((subscriber) => new RawBypass(inner, data, subscriber, reports).run(output));
}

interface Reports {
  readonly failed: (error: unknown) => void;
  readonly held: () => readonly Buffer[];
  readonly wait: (work: () => void) => boolean;
}

interface Sink {
  next(chunk: Buffer): void;
  complete(): void;
  error(error: unknown): void;
}

/** Plain RxJS operators: the chunks that they were given and have not emitted yet are remembered, because an asynchronous one may fail late. */
class RawBypass {
  #off = false;
  /** What comes after they have failed and before they are in place. */
  #early: Buffer[] | undefined;
  #turn = false;
  #ended = false;
  #remembered: Buffer[] = [];
  readonly #holds = heldApart();
  /** The subscription to the operators. */
  readonly #own = new Subscription();
  /** Both subscriptions: to the operators and to the data. */
  readonly #all = new Subscription();
  /** Whether the output of the operators was subscribed to; if they fail in that call, the data waits until it has returned. */
  #isReady = false;
  #isConnected = false;

  constructor(
    private readonly inner: Root,
    private readonly data: Observable<Buffer>,
    private readonly to: Sink,
    private readonly reports: Reports,
  ) {}

  run(output: Observable<Buffer>): Subscription {
    this.#all.add(() => {
      const error = letGo(this.#own);
      if (error !== undefined) this.reports.failed(error);
    });
    holdingThrough(this.#holds, () => this.#own.add(this.#subscribeTo(output)));
    this.#isReady = true;
    const connect = (): void => this.#connect();
    if (this.inner.observed || this.#off) connect();
    else this.inner.onObserved = connect;
    return this.#all;
  }

  #subscribeTo(output: Observable<Buffer>): Subscription {
    return output.subscribe({
      next: (chunk) => {
        this.#emitted(chunk);
      },
      error: (error: unknown) => {
        this.#stepAside(error);
      },
      complete: () => {
        if (!this.#off) this.to.complete();
      },
    });
  }

  /** Subscribes to the data, once the operators have subscribed: chunks that come before would be lost. */
  #connect(): void {
    if (this.#isConnected || !this.#isReady) return;
    this.#isConnected = true;
    this.#all.add(
      this.data.subscribe({
        next: (chunk) => {
          if (this.#early !== undefined) this.#early.push(chunk);
          else if (this.#off) this.to.next(chunk);
          else this.#give(chunk);
        },
        error: (error: unknown) => {
          this.to.error(error);
        },
        complete: () => {
          this.#ended = true;
          if (!this.#off) this.inner.complete();
          else if (this.#early === undefined) this.to.complete();
        },
      }),
    );
  }

  #emitted(chunk: unknown): void {
    if (this.#off) return;
    if (!(chunk instanceof Uint8Array)) {
      this.#stepAside(noChunk(chunk, emittedByHook));
      return;
    }
    this.#forget(chunk as Buffer);
    this.to.next(chunk as Buffer);
  }

  /** The chunks that the operators have not emitted bypass them, and so does the end of the source, if it has ended already. */
  #stepAside(error: unknown): void {
    if (isAnswer(error)) {
      this.to.error(error);
      return;
    }
    this.#off = true;
    this.reports.failed(error);
    const inTurn = this.#turn;
    if (this.reports.wait(() => this.#bypass(inTurn))) this.#early = [];
    else this.#bypass(inTurn);
  }

  #bypass(inTurn: boolean): void {
    for (const chunk of this.#late(inTurn)) this.to.next(chunk);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const chunk of early) this.to.next(chunk);
    if (this.#ended) this.to.complete();
    else this.#connect();
    letGo(this.#own);
    this.#holds.letGo();
  }

  /** The chunks that the operators have not emitted. If a `carry` among them holds something: that, and the chunk that failed. */
  #late(inTurn: boolean): readonly Buffer[] {
    const remembered = this.#remembered;
    this.#remembered = [];
    try {
      const held = this.reports.held();
      return held.length === 0 ? remembered : [...held, ...(inTurn ? remembered.slice(-1) : [])];
    } catch {
      // The error is of code that has failed already.
      return remembered;
    }
  }

  #give(chunk: Buffer): void {
    if (this.#remembered.length >= REMEMBERED) this.#remembered.shift();
    this.#remembered.push(chunk);
    this.#turn = true;
    this.inner.next(chunk);
    this.#turn = false;
  }

  /** An emission in the turn of a chunk means that the operators are done with it and all before; a later one counts as done with the oldest. */
  #forget(emitted: Buffer): void {
    const at = this.#remembered.indexOf(emitted);
    if (this.#turn) this.#remembered = [];
    else this.#remembered.splice(0, at + 1 || 1);
  }
}
