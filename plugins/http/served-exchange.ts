import { reasonOf, SluiceError } from "sluice";
import type { Exchange, HttpHeaders, HttpResponse } from "sluice";
import type { Duplex } from "node:stream";
import { Readable } from "node:stream";
import { throwError, type Subscription } from "rxjs";
import type { ClientRequest, Interim } from "./client-request.ts";
import { failureOf } from "./failure.ts";
import { first, responseFields } from "./header-fields.ts";
import { Responder, type Outgoing } from "./respond.ts";
import { tunnel } from "./tunnel.ts";

/** Where an exchange takes place. */
export interface ExchangePlace {
  /** No other request is to be served on the connection. */
  readonly closing: boolean;
  /** The client's connection. */
  readonly stream: Duplex;
  readonly exchange: Exchange;
  /** A response broke off, or cannot be sent. */
  broken(error: SluiceError, outgoing: Outgoing): void;
  failed(error: unknown): void;
}

/** One request, run through the exchange hooks, and its response sent. Ends once: when the response is closed or the tunnel is. */
export class ServedExchange implements Interim {
  readonly #responder: Responder;
  #subscription: Subscription | undefined;
  #response: HttpResponse | undefined;
  #error: SluiceError | undefined;
  #ended = false;
  /** It waits for 100 Continue. */
  #expects: boolean;

  constructor(
    private readonly request: ClientRequest,
    private readonly outgoing: Outgoing,
    private readonly place: ExchangePlace,
  ) {
    const accept = first(request.headers, "accept") ?? "";
    this.#responder = new Responder(outgoing, accept, (error) => {
      this.#error ??= error;
      place.broken(error, outgoing);
    });
    request.interim = this;
    this.#expects = request.headers["expect"] !== undefined && request.body !== undefined;
  }

  /** Its response has not begun. */
  get isWaiting(): boolean {
    return this.#response === undefined && !this.#ended;
  }

  start(): void {
    const { request, outgoing, place } = this;
    outgoing.once("close", () => {
      this.closed();
    });
    const unrouted = throwError(
      () => new SluiceError("SLUICE_HTTP_NO_ROUTE", `listener "${request.session.listener}" serves no HTTP any more`),
    );
    try {
      this.#subscription = place.exchange(request, unrouted).subscribe({
        next: (response) => {
          this.#answered(response);
        },
        error: (error: unknown) => {
          this.#failed(error);
        },
        complete: () => {
          if (this.#response === undefined) this.#failed(new Error("an exchange hook completed without a response"));
        },
      });
    } catch (error) {
      this.#failed(error);
    }
    if (this.#ended) this.#subscription?.unsubscribe();
  }

  continued(): void {
    if (!this.#expects || this.outgoing.headersSent) return;
    this.#expects = false;
    this.outgoing.writeContinue();
  }

  hinted(headers: HttpHeaders): void {
    if (this.outgoing.headersSent) return;
    try {
      this.outgoing.writeEarlyHints(headers);
    } catch {
      // What an upstream says may be what Node does not say. Hints may be left out.
    }
  }

  /** Its request turned out to be malformed. */
  refuse(error: SluiceError, status: number): void {
    this.#subscription?.unsubscribe();
    this.#error ??= error;
    if (this.#response === undefined) this.#answered(failureOf(error, status));
    else this.place.broken(error, this.outgoing);
  }

  #failed(thrown: unknown): void {
    const error = SluiceError.is(thrown) ? thrown : new SluiceError("SLUICE_INTERNAL", reasonOf(thrown), { cause: thrown });
    this.#error ??= error;
    if (this.#response === undefined) this.#answered(failureOf(error));
  }

  #answered(response: HttpResponse): void {
    // Only the first counts.
    if (this.#response !== undefined || this.#ended) {
      discard(response);
      return;
    }
    this.#response = response;
    this.#error ??= response.error;
    if (response.upgraded !== undefined) {
      this.#upgraded(response.upgraded, response.headers);
      return;
    }
    try {
      // A client that was told neither to send its body nor to keep it may do either: what it sends next could be taken for the other.
      this.#responder.send(response, this.place.closing || (this.#expects && this.request.content?.begun !== true));
    } catch (error) {
      this.#unsendable(response, error);
    }
  }

  /** What a plugin or an upstream put into a header may be what no header may hold. */
  #unsendable(response: HttpResponse, error: unknown): void {
    const failure = new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the response cannot be sent: ${reasonOf(error)}`, { cause: error });
    this.#error ??= failure;
    discard(response);
    if (this.outgoing.headersSent) this.place.broken(failure, this.outgoing);
    else this.#responder.send(failureOf(failure), this.place.closing);
  }

  #upgraded(upstream: Duplex, headers: HttpHeaders): void {
    if (!this.request.isUpgrade) {
      upstream.destroy();
      this.place.broken(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", "an upgrade that nobody asked for"), this.outgoing);
      return;
    }
    if (!("stream" in this.outgoing)) this.outgoing.detachSocket(this.place.stream as never);
    tunnel(this.place.stream, upstream, responseFields(headers), ({ fromClient, fromUpstream }) => {
      this.#over(101, fromClient, fromUpstream);
    });
  }

  /** Nothing more of its response can be sent. A tunnel ends by itself. */
  closed(): void {
    if (this.#ended || this.#response?.upgraded !== undefined) return;
    const { outgoing } = this;
    const { content } = this.request;
    this.#subscription?.unsubscribe();
    const response = this.#response;
    this.#checkWhole(response);
    content?.drop();
    this.#over(outgoing.headersSent ? outgoing.statusCode : 0, content?.bytes ?? 0, this.#responder.bytes);
  }

  #checkWhole(response: HttpResponse | undefined): void {
    if (response !== undefined && this.#responder.isWhole) return;
    this.#error ??= new SluiceError("SLUICE_CLIENT_RESET", "the client left before it had the whole response");
    if (response !== undefined) discard(response);
  }

  #over(status: number, requestBytes: number, responseBytes: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { request } = this;
    const durationMs = Date.now() - request.startedAt;
    const upstream = this.#response?.upstream;
    request.end({ status, upstream, requestBytes, responseBytes, durationMs, error: this.#error }, (error) => {
      this.place.failed(error);
    });
  }
}

/** Lets go of a response that is not sent, or not to its end. */
function discard({ body, upgraded }: HttpResponse): void {
  if (body instanceof Readable) {
    body.on("error", () => undefined);
    // With an error, so that the upstream sees that it was not wanted to its end.
    body.destroy(new SluiceError("SLUICE_CLIENT_RESET", "the response is not wanted any more"));
  }
  upgraded?.destroy();
}
