import type { HttpResponse } from "sluice";
import type { Subscriber } from "rxjs";
import type { InterimResponse } from "../exchange/client-request.ts";
import { Deadline } from "../message/deadline.ts";
import type { EndpointConnections } from "./pool/endpoint-connections.ts";
import type { Outbound } from "./routing/outbound.ts";
import type { Carrier } from "./connection/carrier.ts";
import type { UpstreamConnection } from "./connection/upstream-connection.ts";
import { UpstreamStream } from "./connection/upstream-stream.ts";
import type { WaitingRequest } from "./pool/request-queue.ts";

/** The endpoint of an attempt, and its time limit. */
export interface AttemptPlace {
  readonly connections: EndpointConnections;
  /** Milliseconds until the response's header, including the wait for a connection, and for reading a part of the request; 0: no limit. */
  readonly timeout: number;
  /** Given the answer, or told why there is none. After that the answer's body is its own. */
  readonly subscriber: Subscriber<HttpResponse>;
}

/**
 * One request on its way to an endpoint, until its response: it waits for a connection, is sent, and is answered, fails, or is given up. This is
 * the base of complete and of streamed requests.
 */
export abstract class UpstreamAttempt implements WaitingRequest {
  readonly method: string;
  readonly client: string;
  readonly isUpgrade: boolean;
  isLast: boolean;
  abstract readonly isExpecting: boolean;
  protected connection: Carrier | undefined;
  #isSettled = false;
  /** The time limit while it waits for a connection. */
  #deadline: Deadline | undefined;
  #startedAt = 0;

  constructor(
    protected readonly request: Outbound,
    protected readonly place: AttemptPlace,
  ) {
    this.method = request.method;
    this.client = request.client;
    this.isUpgrade = request.upgrade !== undefined;
    this.isLast = isForConnection(request.headers["authorization"]);
  }

  start(): void {
    const { connections, timeout } = this.place;
    connections.ask(this);
    if (this.connection !== undefined || this.#isSettled || timeout === 0) return;
    this.#startedAt = performance.now();
    this.#deadline = new Deadline(this);
    this.#deadline.set(timeout);
  }

  begun(connection: Carrier): void {
    const { timeout } = this.place;
    const waited = this.#deadline === undefined ? 0 : performance.now() - this.#startedAt;
    this.#deadline?.stop();
    this.connection = connection;
    this.request.begun();
    connection.ask(this, timeout === 0 ? 0 : Math.max(1, timeout - waited));
    if (connection instanceof UpstreamStream) connection.send(this.request);
    else this.send(connection as UpstreamConnection);
  }

  /** Sends the request on a connection of HTTP/1, or begins to. */
  protected abstract send(connection: UpstreamConnection): void;

  abstract drained(): void;

  /** Called when the rest of the request is not needed. */
  abstract over(): void;

  informed(response: InterimResponse): void {
    // It must not have one (RFC 9110 section 8.6); HTTP/2 clients reset the stream because of it.
    delete response.headers["content-length"];
    this.request.interim?.informed(response);
  }

  answered(response: HttpResponse): void {
    this.#settle();
    this.place.subscriber.next(response);
    this.place.subscriber.complete();
  }

  failed(error: unknown): void {
    if (!this.#settle()) return;
    this.over();
    this.place.subscriber.error(error);
  }

  late(): void {
    const { connections, timeout } = this.place;
    this.unsubscribe();
    this.place.subscriber.error(connections.failures.late(timeout));
  }

  expired(): void {
    this.late();
  }

  /** RxJS also calls it after the response. */
  unsubscribe(): void {
    if (!this.#settle()) return;
    if (this.connection === undefined) this.place.connections.forget(this);
    else this.connection.abandon(this);
    this.over();
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#deadline?.stop();
    return true;
  }
}

/**
 * Whether a field authenticates the whole connection, not only its request (RFC 4559 section 6, NTLM): for some servers all later requests on the
 * connection come from the same user.
 */
function isForConnection(authorization: string | readonly string[] | undefined): boolean {
  return authorization !== undefined && /^(?:ntlm|negotiate)\b/i.test(String(authorization).trimStart());
}
