import { Subscription, type Observable } from "rxjs";
import { SluiceError, type HealthTarget, type Leg, type LegReader, type Upstream } from "../../contract/index.ts";
import { upstreamError } from "../os-errors.ts";
import { MOST_READ, type Answer } from "./answer.ts";

/** The parts of one check. */
export interface ProbeContext {
  /** As written in the config. */
  readonly endpoint: string;
  readonly health: HealthTarget;
  /** Connects; cold. */
  readonly attempt: Observable<Upstream>;
  /** Undefined: a connection is enough. */
  readonly answer: Answer | undefined;
}

/** One check of one endpoint: connects, sends its text, and judges the answer. Reports the result once, unless it is stopped before. */
export class Probe implements LegReader {
  readonly done = true;
  readonly #subscription = new Subscription();
  readonly #timer: NodeJS.Timeout;
  #leg: Leg | undefined;
  #read: Buffer = Buffer.alloc(0);
  #isOver = false;

  /** @param told called with the failure; with undefined if the check passed */
  constructor(
    private readonly context: ProbeContext,
    private readonly told: (failure: SluiceError | undefined) => void,
  ) {
    const { endpoint, health, attempt } = context;
    this.#timer = setTimeout(() => this.#end(this.#late()), health.timeout);
    this.#timer.unref();
    const connecting = attempt.subscribe({
      next: ({ leg }) => this.#connected(leg),
      error: (error: unknown) => this.#end(upstreamError(error, endpoint)),
    });
    this.#subscription.add(connecting);
    if (this.#isOver) this.#subscription.unsubscribe();
  }

  /** Stops the check without a result. */
  stop(): void {
    this.#leave((leg) => leg.reset());
  }

  #leave(end: (leg: Leg) => void): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#subscription.unsubscribe();
    if (this.#leg !== undefined) end(this.#leg);
  }

  data(chunk: Buffer): boolean {
    // Each datagram is a complete answer.
    this.#read = this.#leg?.datagrams === true ? chunk : Buffer.concat([this.#read, chunk.subarray(0, MOST_READ - this.#read.length)]);
    this.#judge(false);
    return true;
  }

  end(): void {
    this.#judge(true);
  }

  failed(error: SluiceError): void {
    this.#end(error);
  }

  #connected(leg: Leg): void {
    if (this.#isOver) {
      leg.destroy();
      return;
    }
    this.#leg = leg;
    const { answer } = this.context;
    if (answer === undefined) {
      this.#end(undefined);
      return;
    }
    leg.read(this);
    if (answer.request !== undefined && !this.#isOver) leg.write(answer.request);
  }

  #judge(isAll: boolean): void {
    if (this.#isOver) return;
    const verdict = this.context.answer?.judge(this.#read, isAll);
    // Over UDP another answer may still come.
    if (verdict === true) this.#end(undefined);
    else if (typeof verdict === "string") this.#end(this.#unhealthy(verdict));
  }

  #late(): SluiceError {
    const { endpoint, health } = this.context;
    const came = this.#read.length === 0 ? "" : `: ${this.#read.length} bytes came, without what was expected`;
    return new SluiceError(
      "SLUICE_UPSTREAM_TIMEOUT",
      `upstream ${endpoint}: its health check took longer than ${health.timeout} ms${came}`,
    );
  }

  #unhealthy(reason: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_DOWN", `upstream ${this.context.endpoint} failed its health check: ${reason}`);
  }

  #end(failure: SluiceError | undefined): void {
    if (this.#isOver) return;
    // After a failure the connection is reset: a server that hangs would keep a half-closed one open.
    this.#leave((leg) => (failure === undefined ? leg.destroy() : leg.reset()));
    this.told(failure);
  }
}
