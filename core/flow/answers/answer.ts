import { isObservable, type Observable } from "rxjs";
import type { Leg, LegReader, Session, Upstream } from "../../contract/index.ts";
import { AnswerOwner } from "./answer-owner.ts";
import { AnswerInput, AnswerOutput } from "./answer-ends.ts";
import { Flow } from "../pump/flow.ts";
import { isPromise } from "../chain/is-promise.ts";
import { buildOperators, type Operators } from "../pump/operators.ts";

/**
 * Makes an upstream leg that answers by itself, for a plugin's `connect` hook: no socket is opened. The operators run like those of a byte
 * hook: a slow client, and asynchronous work of the operators of `sluice/flow`, pause the client's data, and data that comes before they
 * subscribe to `data` waits. For an answer that is produced without data from the client, faster than a client reads, use `answerStream`.
 *
 * @param name the endpoint's name in logs
 * @param respond returns the answer to `data`, which is what the session would send to an upstream. Completing the answer sends FIN.
 * @example connect: (_attempt, session) => of(answer("echo", (data) => data, session))
 */
export function answer(
  name: string,
  respond: (data: Observable<Buffer>, session: Session) => Observable<Buffer>,
  session: Session,
): Upstream {
  return { endpoint: name, leg: new AnswerLeg(name, respond, session) };
}

/** A leg whose other side is a flow: data written to the leg enters the flow, and the leg delivers the data that leaves it. */
class AnswerLeg implements Leg {
  readonly datagrams: boolean;
  readonly borrows = false;
  readonly records = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  readonly #input: AnswerInput;
  readonly #output: AnswerOutput;
  readonly #operators: Operators;
  #flow: Flow | undefined;
  #closed = false;

  constructor(
    private readonly name: string,
    respond: (data: Observable<Buffer>, session: Session) => Observable<Buffer>,
    private readonly session: Session,
  ) {
    this.datagrams = session.datagrams;
    this.#input = new AnswerInput(this.datagrams, () => this.onDrain?.());
    this.#output = new AnswerOutput(this.datagrams, () => {
      this.#closeWhenDone();
    });
    const apply = (data: Observable<Buffer>): Observable<Buffer> => checked(name, respond(data, session));
    this.#operators = buildOperators([{ plugin: name, onError: "close", borrows: false, apply }], {
      session,
      flowFault: () => undefined,
    });
  }

  get pending(): number {
    return this.#input.pending;
  }

  read(reader: LegReader): void {
    this.#output.reader = reader;
    this.#flow = new Flow(this.#input, this.#output, new AnswerOwner(this.name, this.session, this.#output), this.#operators);
    // Its operators may have ended the session with their first emissions.
    if (this.#closed) this.#flow.stop();
    else this.#flow.start();
  }

  resume(): void {
    this.#output.goOn();
  }

  write(chunk: Buffer): boolean {
    return this.#closed || this.#input.give(chunk);
  }

  end(): void {
    this.#input.finish();
    this.#closeWhenDone();
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#flow?.stop();
    queueMicrotask(() => this.onClosed?.());
  }

  #closeWhenDone(): void {
    if (this.#input.ended && this.#output.ended) this.destroy();
  }
}

function checked(name: string, output: unknown): Observable<Buffer> {
  if (isObservable(output)) return output as Observable<Buffer>;
  if (isPromise(output)) Promise.resolve(output).catch(() => undefined);
  throw new TypeError(`the answer "${name}" must be an Observable`);
}
