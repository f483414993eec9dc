import { isObservable, Subscription, type Observable } from "rxjs";
import { SluiceError, type Leg, type LegReader, type Session, type Upstream } from "../contract/index.ts";
import { isPromise } from "./chain.ts";
import { blamed, faultOf } from "./fault.ts";
import { letGo } from "./let-go.ts";
import { Root } from "./root.ts";

/**
 * Makes an upstream leg that answers by itself, for a plugin's `connect` hook: no socket is opened.
 *
 * @param name the endpoint's name in logs
 * @param respond what the session would send to an upstream is `data`; what this returns is the answer. Completing sends FIN.
 * @example connect: (_attempt, session) => of(answer("echo", (data) => data, session))
 */
export function answer(
  name: string,
  respond: (data: Observable<Buffer>, session: Session) => Observable<Buffer>,
  session: Session,
): Upstream {
  return { endpoint: name, leg: new AnswerLeg(name, respond, session) };
}

class AnswerLeg implements Leg {
  readonly datagrams: boolean;
  readonly borrows = false;
  readonly records = false;
  gather = false;
  lend = false;
  pending = 0;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  readonly #root = new Root();
  readonly #output: Observable<Buffer>;
  readonly #subscription = new Subscription();
  #reader: LegReader | undefined;
  #stopped = false;
  #queue: Buffer[] = [];
  #inputEnded = false;
  #outputEnded = false;
  #endDelivered = false;
  #closed = false;

  constructor(
    private readonly name: string,
    respond: (data: Observable<Buffer>, session: Session) => Observable<Buffer>,
    session: Session,
  ) {
    this.datagrams = session.transport === "udp";
    const output: unknown = respond(this.#root, session);
    if (isPromise(output)) Promise.resolve(output).catch(() => undefined);
    if (!isObservable(output)) throw new TypeError(`the answer "${name}" must be an Observable`);
    this.#output = output as Observable<Buffer>;
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.#subscription.add(
      this.#output.subscribe({
        next: (chunk) => {
          this.#deliver(chunk);
        },
        error: (error: unknown) => {
          this.#fail(error);
        },
        complete: () => {
          this.#outputEnded = true;
          this.#flush();
        },
      }),
    );
  }

  resume(): void {
    this.#stopped = false;
    this.#flush();
  }

  write(chunk: Buffer): boolean {
    if (!this.#closed) this.#root.next(chunk);
    return this.pending === 0;
  }

  end(): void {
    this.#inputEnded = true;
    this.#root.complete();
    this.#closeWhenDone();
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    letGo(this.#subscription);
    queueMicrotask(() => this.onClosed?.());
  }

  #deliver(chunk: unknown): void {
    if (this.#closed) return;
    if (chunk instanceof Uint8Array) this.#pass(chunk as Buffer);
    else this.#fail(new SluiceError("SLUICE_PLUGIN_CHUNK", `an answer emitted ${typeof chunk}`));
  }

  #fail(error: unknown): void {
    letGo(this.#subscription);
    const failure = faultOf(this.name, error);
    if (failure.source === "plugin") blamed(failure, this.name);
    this.#reader?.failed(failure);
  }

  #pass(chunk: Buffer): void {
    if (this.#stopped || this.#queue.length > 0) {
      this.#queue.push(chunk);
      this.pending += chunk.length;
    } else if (this.#reader?.data(chunk) === false && !this.datagrams) this.#stopped = true;
  }

  #flush(): void {
    const waited = this.pending > 0;
    for (let chunk = this.#queue[0]; chunk !== undefined && !this.#stopped; chunk = this.#queue[0]) {
      this.#queue.shift();
      this.pending -= chunk.length;
      if (this.#reader?.data(chunk) === false) this.#stopped = true;
    }
    if (waited && this.pending === 0) this.onDrain?.();
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#outputEnded && this.#queue.length === 0 && !this.#endDelivered) {
      this.#endDelivered = true;
      this.#reader?.end();
    }
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#inputEnded && this.#endDelivered) this.destroy();
  }
}
