import { SluiceError } from "sluice";
import type { HttpHeaders, HttpResponse } from "sluice";
import { Observable, type Subscriber } from "rxjs";
import type { EndpointConnections, Waiting } from "./endpoint-connections.ts";
import { wireFields } from "./header-fields.ts";
import { fieldLines } from "./message-head.ts";
import type { Outbound } from "./outbound.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

/** No blank, no line break, nothing beyond ASCII: the rest of a target is the route's business. */
const printable = /^[!-~]+$/;

/**
 * Sends a request on of which all is there, with its body if it has one, and gives its response back. One attempt per subscription; unsubscribing before the response aborts
 * it. After that the response's body is the subscriber's.
 *
 * @param timeout milliseconds until the response's header, the wait for a connection included
 */
export function ask(request: Outbound, connections: EndpointConnections, timeout: number): Observable<HttpResponse> {
  return new Observable((subscriber) => {
    const attempt = new Attempt(request, messageOf(request), { connections, subscriber });
    attempt.start(timeout);
    return attempt;
  });
}

class Attempt implements Waiting {
  readonly method: string;
  #connection: UpstreamConnection | undefined;
  #isSettled = false;
  #timer: NodeJS.Timeout | undefined;

  readonly #connections: EndpointConnections;
  readonly #subscriber: Subscriber<HttpResponse>;

  constructor(
    private readonly request: Outbound,
    private readonly message: Buffer,
    { connections, subscriber }: { readonly connections: EndpointConnections; readonly subscriber: Subscriber<HttpResponse> },
  ) {
    this.method = request.method;
    this.#connections = connections;
    this.#subscriber = subscriber;
  }

  start(timeout: number): void {
    this.#timer = setTimeout(late, timeout, this, timeout);
    this.#connections.ask(this);
  }

  begun(connection: UpstreamConnection): void {
    this.#connection = connection;
    connection.ask(this.message, this);
  }

  hinted(headers: HttpHeaders): void {
    this.request.interim?.hinted(headers);
  }

  answered(response: HttpResponse): void {
    this.#settle();
    this.#subscriber.next(response);
    this.#subscriber.complete();
  }

  failed(error: SluiceError): void {
    if (this.#settle()) this.#subscriber.error(error);
  }

  late(timeout: number): void {
    this.unsubscribe();
    this.#subscriber.error(
      new SluiceError("SLUICE_UPSTREAM_TIMEOUT", `upstream ${this.#connections.name} sent no response within ${timeout} ms`),
    );
  }

  /** Called by RxJS also after the response. */
  unsubscribe(): void {
    if (!this.#settle()) return;
    if (this.#connection === undefined) this.#connections.forget(this);
    else this.#connection.abandon(this);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    return true;
  }
}

/** @throws TypeError where a field, or the target, may not be sent */
function messageOf({ method, url, headers, content }: Outbound): Buffer {
  if (!printable.test(url)) throw new TypeError(`${JSON.stringify(url)} is not the target of a request`);
  const head = `${method} ${url} HTTP/1.1\r\n${fieldLines(wireFields(headers))}\r\n`;
  const body = content?.whole;
  if (body === undefined) return Buffer.from(head, "latin1");
  const message = Buffer.allocUnsafe(head.length + body.length);
  message.write(head, 0, "latin1");
  body.copy(message, head.length);
  return message;
}

function late(attempt: Attempt, timeout: number): void {
  attempt.late(timeout);
}
