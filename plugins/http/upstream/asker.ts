import type { HttpHeaders, HttpResponse, SluiceError } from "sluice";
import type { InterimResponse } from "../exchange/client-request.ts";
import type { UpstreamFailures } from "./upstream-failure.ts";

/** Who asks an upstream, and waits for the response. */
export interface Asker {
  readonly method: string;
  /** It asks for another protocol: 101 is a response to it. */
  readonly isUpgrade: boolean;
  /** It says close: the connection carries no other request (RFC 9112 section 9.6). */
  readonly isLast: boolean;
  /** It sends nothing more before the upstream says 100 Continue. */
  readonly isExpecting: boolean;
  /** A response before the response: 100 Continue, 103 Early Hints. */
  informed(response: InterimResponse): void;
  answered(response: HttpResponse): void;
  failed(error: SluiceError): void;
  /** The upstream let the time pass that it had for a response, or for taking more of the request. */
  late(): void;
  /** There is room again after a `send` that returned false. */
  drained(): void;
  /** The response was answered and has ended, well or not: nothing more of the request is wanted. */
  over(): void;
}

/** Whose connection it is. */
export interface ConnectionOwner<Connection> {
  /** Of the endpoint, for logs. */
  readonly name: string;
  readonly failures: UpstreamFailures;
  /** The connection can take another request, for so many milliseconds. */
  free(connection: Connection, keptFor: number): void;
  /** The header of a response has come, and its body is to come. */
  streams(connection: Connection, headers: HttpHeaders): void;
  /** It is no more. Called once. */
  gone(connection: Connection): void;
}
