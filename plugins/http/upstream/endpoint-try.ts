import { SluiceError } from "sluice";
import type { HttpAttemptEnd, HttpResponse } from "sluice";
import { Subscriber } from "rxjs";
import type { ClientRequest } from "../exchange/client-request.ts";
import type { Outbound } from "./routing/outbound.ts";
import type { Route } from "./routing/route.ts";
import { StaleConnection, UnprocessedRequest } from "./connection/upstream-failure.ts";
import type { PoolPlace, UpstreamPool } from "./pool/upstream-pool.ts";

/** A request that is to be sent, and its upstream. */
export interface Sending {
  readonly request: ClientRequest;
  readonly route: Route | undefined;
  readonly pool: UpstreamPool;
  /** Receives the response. */
  readonly subscriber: Subscriber<HttpResponse>;
}

export interface Sender {
  /**
   * @param before the error of the last try, if the request is sent again to another endpoint of the upstream
   * @throws SluiceError
   */
  send(sending: Sending, before?: SluiceError): void;
  /** Sends a request to an endpoint where it has a place. @throws SluiceError */
  sendTo(sending: Sending, place: PoolPlace): void;
}

/** One try at a request, at one endpoint: passes its response on, reports how it ended, and has the request sent again if that is allowed. */
export class EndpointTry extends Subscriber<HttpResponse> {
  readonly #startedAt = performance.now();
  #isOver = false;
  #outbound: Outbound | undefined;
  /** Called with how the try ended. */
  #ended: ((end: HttpAttemptEnd) => void) | undefined;

  constructor(
    private readonly sending: Sending,
    private readonly place: PoolPlace,
    private readonly sender: Sender,
  ) {
    // oxlint-disable-next-line typescript/no-deprecated -- with RxJS's operators each request would need four Observables
    super(sending.subscriber);
    sending.request.onEnd(() => {
      this.#over(undefined);
    });
  }

  /** Called just before the request is sent. */
  begins(outbound: Outbound): void {
    const { name, tls } = this.place.endpoint;
    const { url, headers } = outbound;
    this.#outbound = outbound;
    this.#ended = this.sending.request.begins({ endpoint: name, scheme: tls === true ? "https" : "http", url, headers });
  }

  override _next(answer: HttpResponse): void {
    let told: HttpResponse;
    try {
      told = this.#answered(answer);
    } catch (error) {
      this.error(error);
      return;
    }
    super._next(told);
  }

  override _error(error: unknown): void {
    const { sending } = this;
    this.#ended?.(SluiceError.is(error) ? { error } : {});
    const failure = failureOfUpstream(error);
    const isRepeated = isStale(failure) && mayRepeat(sending.request);
    // Then the next try has its place at the endpoint.
    if (isRepeated) this.#isOver = true;
    else this.#over(isStale(failure) ? undefined : failure);
    this.unsubscribe();
    try {
      if (isRepeated) this.#repeat();
      else if (!this.#again(failure)) sending.subscriber.error(error);
    } catch (thrown) {
      sending.subscriber.error(thrown);
    }
  }

  override unsubscribe(): void {
    super.unsubscribe();
    // Only the first call counts: this one is for a try that was given up.
    this.#ended?.({});
  }

  #answered(answer: HttpResponse): HttpResponse {
    const { endpoint } = this.place;
    const { route } = this.sending;
    endpoint.answered();
    this.#made();
    this.#ended?.({ status: answer.status });
    return route === undefined || this.#outbound === undefined ? answer : route.answer(answer, this.#outbound, endpoint.name);
  }

  /** Sends it to the same endpoint on another connection. */
  #repeat(): void {
    const { sending, place } = this;
    // The upstream has probably closed all of its kept connections.
    place.connections.dropIdle();
    // It begins again: if it cannot be sent now, because the endpoint refuses connections too, another endpoint may get it.
    sending.request.sent = false;
    this.sender.sendTo(sending, place);
  }

  /** @returns whether the request is sent again. @throws if that fails at once */
  #again(failure: SluiceError | undefined): boolean {
    const { sending } = this;
    const { request } = sending;
    // If there is another endpoint, it is sent there.
    if (isUnprocessed(failure, request) && request.givenBack()) this.sender.send(sending);
    // A request that was never sent may be sent again, whatever its method (RFC 9110 section 9.2.2).
    else if (failure !== undefined && mayFailOver(request)) this.sender.send(sending, failure);
    else return false;
    return true;
  }

  #made(code?: SluiceError["code"]): void {
    this.sending.request.attempted(this.place.endpoint.name, performance.now() - this.#startedAt, code);
  }

  #over(failure: SluiceError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.place.endpoint.done(failure !== undefined, failure?.code);
    if (failure !== undefined) this.#made(failure.code);
  }
}

const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

function failureOfUpstream(error: unknown): SluiceError | undefined {
  return SluiceError.is(error) && error.source === "upstream" ? error : undefined;
}

function isStale(failure: SluiceError | undefined): boolean {
  return failure?.cause instanceof StaleConnection;
}

function isUnprocessed(failure: SluiceError | undefined, { replayable }: ClientRequest): boolean {
  return failure?.cause instanceof UnprocessedRequest && replayable;
}

function mayFailOver({ sent, failover, tried }: ClientRequest): boolean {
  return !sent && failover && tried.size === 1;
}

function mayRepeat({ method, replayable }: ClientRequest): boolean {
  return idempotent.has(method) && replayable;
}
