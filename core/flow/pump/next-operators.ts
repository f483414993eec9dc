import type { FlowOwner } from "./flow-owner.ts";
import { blamed, isAnswer } from "../chain/fault.ts";
import type { SluiceError } from "../../contract/index.ts";
import type { Loan } from "./loan.ts";
import type { Operators } from "./operators.ts";
import { RawOperators } from "./raw-operators.ts";
import { runOperators } from "./run-operators.ts";
import type { OperatorsHost, RunningOperators } from "./running-operators.ts";

/**
 * The operators that are to replace those of a flow. Plain RxJS operators are subscribed to before the old ones complete, so that a plugin which throws
 * there changes nothing (ADR 0067). What they emit waits until they are in place.
 */
export class NextOperators {
  readonly running: RunningOperators | undefined;
  readonly #lobby: Lobby | undefined;

  /** @throws what a plugin throws when its Observable is subscribed to, with its plugin noted */
  constructor(
    readonly built: Operators,
    private readonly flow: OperatorsHost,
    limit: number,
  ) {
    if (built.chain !== undefined) {
      this.running = runOperators(built, flow, limit);
      return;
    }
    this.#lobby = new Lobby(flow);
    this.running = new RawOperators(built, this.#lobby, limit);
    built.site.comesEarly();
    this.running.start();
    const { failure } = this.#lobby;
    // A plugin that ends the session by an error of the catalogue means it.
    if (failure === undefined || isAnswer(failure.error)) return;
    this.running.stop();
    throw blamed(failure.error, failure.plugin);
  }

  /** Their place is free. */
  begin(): void {
    const { flow, running } = this;
    const lobby = this.#lobby;
    if (lobby === undefined) return running?.start();
    (running as RawOperators).arrive(flow, () => {
      for (const chunk of lobby.chunks) flow.emitted(chunk, true);
    });
    if (lobby.failure !== undefined) flow.operatorsFailed(lobby.failure.error, lobby.failure.plugin);
    else if (lobby.completed) flow.operatorsCompleted();
  }

  /** They are not needed: others take their place, or the flow is over. */
  drop(): void {
    this.running?.stop();
  }
}

/** The host of operators whose place is not free yet: remembers what they do. */
class Lobby implements OperatorsHost {
  readonly swapping = false;
  readonly clear = true;
  readonly chunks: unknown[] = [];
  failure: { readonly error: unknown; readonly plugin: string | undefined } | undefined;
  completed = false;
  #bytes = 0;

  constructor(private readonly flow: OperatorsHost) {}

  get owner(): Pick<FlowOwner, "flowDropped"> {
    return this.flow.owner;
  }

  get loan(): Loan {
    return this.flow.loan;
  }

  get datagrams(): boolean {
    return this.flow.datagrams;
  }

  get lends(): boolean {
    return false;
  }

  get waiting(): number {
    return this.#bytes + this.flow.waiting;
  }

  /** Not called: only composed operators write. */
  write(): boolean {
    return true;
  }

  pause(): false {
    return false;
  }

  /** The chunk may be one that another flow was lent. */
  emitted(chunk: unknown): void {
    this.chunks.push(chunk instanceof Uint8Array ? Buffer.from(chunk) : chunk);
    this.#bytes += chunk instanceof Uint8Array ? chunk.length : 0;
  }

  operatorsFailed(error: unknown, plugin: string | undefined): void {
    this.failure ??= { error, plugin };
  }

  operatorsCompleted(): void {
    this.completed = true;
  }

  flowFault(plugin: string, error: SluiceError): void {
    this.flow.flowFault(plugin, error);
  }

  loosened(): void {
    // The flow continues by itself when they are in place.
  }

  warn(message: string): void {
    this.flow.warn(message);
  }
}
