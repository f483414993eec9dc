import { reasonOf, SluiceError } from "sluice";
import type { HttpResponse } from "sluice";
import { Readable, type Duplex } from "node:stream";
import { AnswerSubscriber, type Answered } from "./answer-subscriber.ts";
import type { ClientRequest, InterimReceiver, InterimResponse } from "../exchange/client-request.ts";
import { Deadline } from "../message/deadline.ts";
import { failureOf } from "../message/failure.ts";
import { first, wireFields } from "../message/header-fields.ts";
import { Responder } from "../exchange/respond.ts";
import type { ResponseSink } from "../exchange/response-sink.ts";
import type { Serving } from "./serving.ts";
import type { UpgradeAgreement, TunnelTraffic } from "./tunnel.ts";

/** The connection on which an exchange takes place. */
export interface ExchangePlace {
  /** Whether it serves no other request after this one. */
  readonly closing: boolean;
  /**
   * Called when the upstream agreed to another protocol.
   * @param over called once, when both sides are closed
   * @throws when a field may not be sent; then nothing was sent
   */
  upgraded(upstream: Duplex, agreement: UpgradeAgreement, over: (passed: TunnelTraffic) => void): void;
}

export interface ExchangeSurroundings {
  readonly place: ExchangePlace;
  readonly serving: Serving;
}

/** Runs one request through the exchange hooks and sends its response. It ends once, when the response or the tunnel is closed. */
export class ServedExchange implements InterimReceiver, Answered {
  readonly #responder: Responder;
  readonly #place: ExchangePlace;
  readonly #serving: Serving;
  #subscription: AnswerSubscriber | undefined;
  #response: HttpResponse | undefined;
  #error: SluiceError | undefined;
  #isOver = false;
  /** The time limit while a part of the response waits for the client. */
  #deadline: Deadline | undefined;
  /** Whether the client waits for 100 Continue. */
  #expects: boolean;

  constructor(
    private readonly request: ClientRequest,
    private readonly sink: ResponseSink,
    { place, serving }: ExchangeSurroundings,
  ) {
    this.#place = place;
    this.#serving = serving;
    this.#responder = new Responder(sink, request, (error) => {
      this.#broken(error);
    });
    request.interim = this;
    this.#expects = request.headers["expect"] !== undefined && request.received !== undefined;
    if (this.#expects) request.onRead(() => this.informed({ status: 100, headers: {} }));
    const closed = (): void => {
      this.closed();
    };
    sink.onClosed = closed;
    const moved = (isTaken: boolean): void => {
      this.#moved(isTaken);
    };
    sink.onMoved = moved;
  }

  /** Whether the response has not begun. */
  get isWaiting(): boolean {
    return this.#response === undefined && !this.#isOver;
  }

  start(): void {
    const { request } = this;
    const serving = this.#serving;
    serving.counters.requests.inc();
    this.#subscription = new AnswerSubscriber(this);
    try {
      serving.exchange(request, serving.unrouted(request.session)).subscribe(this.#subscription);
    } catch (error) {
      this.failed(error);
    }
    if (this.#isOver) this.#subscription.unsubscribe();
  }

  informed(response: InterimResponse): void {
    if (this.sink.status !== 0) return;
    if (response.status === 100) {
      this.#expects = false;
      this.sink.goOn();
      return;
    }
    try {
      this.sink.inform(response);
    } catch {
      // A malformed interim response of an upstream is left out.
    }
  }

  /** Answers a request that turns out to be malformed. */
  refuse(error: SluiceError, status: number): void {
    this.#subscription?.unsubscribe();
    this.#error ??= error;
    if (this.#response === undefined) this.answered(failureOf(error, status));
    else this.sink.abort(error);
  }

  /** Called when the client reads nothing of its response. */
  expired(): void {
    const { send } = this.#serving.options.timeouts;
    this.#broken(new SluiceError("SLUICE_CLIENT_TIMEOUT", `the client read nothing of its response for ${send} ms`));
  }

  #moved(isTaken: boolean): void {
    const { send } = this.#serving.options.timeouts;
    if (this.#isOver || send === 0) return;
    if (!this.sink.isPending) this.#deadline?.set(0);
    else if (isTaken || this.#deadline?.isSet !== true) (this.#deadline ??= new Deadline(this)).set(send);
  }

  get #isClosing(): boolean {
    // A client that expects 100 Continue and did not get it may send its body or a new request next, and the proxy could not tell which.
    return this.#place.closing || (this.#expects && this.request.received?.begun !== true);
  }

  #broken(error: SluiceError): void {
    this.#error ??= error;
    this.sink.abort(error);
  }

  failed(thrown: unknown): void {
    const error = SluiceError.is(thrown) ? thrown : new SluiceError("SLUICE_INTERNAL", reasonOf(thrown), { cause: thrown });
    this.#error ??= error;
    if (this.#response === undefined) this.answered(failureOf(error));
  }

  completed(): void {
    if (this.#response === undefined) this.failed(new Error("an exchange hook completed without a response"));
  }

  answered(response: HttpResponse): void {
    // Only the first response counts.
    if (this.#response !== undefined || this.#isOver) {
      discard(response);
      return;
    }
    this.#response = response;
    this.#error ??= response.error;
    try {
      if (response.upgraded !== undefined) this.#upgraded(response.upgraded, response);
      else this.#responder.send(response, this.#isClosing);
    } catch (error) {
      this.#unsendable(response, error);
    }
  }

  /** Answers with an error when a plugin or an upstream made a header that may not be sent. */
  #unsendable(response: HttpResponse, error: unknown): void {
    const failure = new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the response cannot be sent: ${reasonOf(error)}`, { cause: error });
    discard(response);
    // The exchange now ends with this response, and not with a tunnel.
    this.#response = failureOf(failure);
    this.#error ??= failure;
    if (this.sink.status === 0) this.#responder.send(this.#response, this.#isClosing);
    else this.sink.abort(failure);
  }

  #upgraded(upstream: Duplex, { headers, fieldNames }: HttpResponse): void {
    const { upgrade, httpVersion } = this.request;
    if (upgrade === undefined) throw new TypeError("an upgrade that the client did not ask for");
    const agreement = { protocol: first(headers, "upgrade") ?? upgrade, fields: wireFields(headers, fieldNames) };
    this.#place.upgraded(upstream, agreement, ({ fromClient, fromUpstream }) => {
      this.#over(httpVersion === "2.0" ? 200 : 101, fromClient, fromUpstream);
    });
  }

  /** Ends the hooks. After a whole response this is called later, so that the hooks can complete first. */
  readonly #release = (): void => {
    this.#subscription?.unsubscribe();
  };

  /** Called when nothing more of the response can be sent. A tunnel ends on its own. */
  closed(): void {
    if (this.#isOver || this.#response?.upgraded !== undefined) return;
    const { request } = this;
    if (this.sink.isWhole) queueMicrotask(this.#release);
    else this.#release();
    this.#checkWhole(this.#response);
    request.drop();
    this.#over(this.sink.status, request.receivedBytes, this.#responder.bytes);
  }

  #checkWhole(response: HttpResponse | undefined): void {
    if (response !== undefined && this.sink.isWhole) return;
    this.#error ??= new SluiceError("SLUICE_CLIENT_RESET", "the client left before it had the whole response");
    if (response !== undefined) discard(response);
  }

  #over(status: number, requestBytes: number, responseBytes: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.stop();
    const { request } = this;
    const durationMs = Date.now() - request.startedAt;
    const upstream = this.#response?.upstream;
    if (this.#error !== undefined) this.#serving.counters.failed.inc();
    const { attempts } = request;
    request.end({ status, upstream, requestBytes, responseBytes, durationMs, error: this.#error, attempts }, (error) => {
      this.#serving.logger.warn({ session: request.session.id, err: error }, "a listener of a request's end threw");
    });
  }
}

/** Destroys a response that is not sent, or not completely. */
function discard({ body, upgraded }: HttpResponse): void {
  for (const stream of [body, upgraded]) {
    if (!(stream instanceof Readable)) continue;
    stream.on("error", () => undefined);
    // With an error, so that the upstream sees that the rest is not wanted.
    stream.destroy(new SluiceError("SLUICE_CLIENT_RESET", "the response is not wanted any more"));
  }
}
