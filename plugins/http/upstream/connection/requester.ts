import type { HttpHeaders, HttpResponse, SluiceError } from "sluice";
import type { InterimResponse } from "../../exchange/client-request.ts";
import type { UpstreamFailures } from "./upstream-failure.ts";

/** A request that asks an upstream and waits for the response. */
export interface Requester {
  readonly method: string;
  /** Whether it asks for another protocol, so that 101 is a valid response. */
  readonly isUpgrade: boolean;
  /** Whether the connection carries no other request: it says close (RFC 9112 section 9.6), or it authenticates the whole connection. */
  readonly isLast: boolean;
  /** Whether it waits for the upstream's 100 Continue before it sends its body. */
  readonly isExpecting: boolean;
  /** Called for an interim response: 100 Continue, 103 Early Hints. */
  informed(response: InterimResponse): void;
  answered(response: HttpResponse): void;
  failed(error: SluiceError): void;
  /** Called when the upstream's time for a response, or for reading more of the request, is over. */
  late(): void;
  /** Called when there is room again after a `send` that returned false. */
  drained(): void;
  /** Called when the response has ended, well or not: the rest of the request is not needed. */
  over(): void;
}

/** The owner of a connection. */
export interface ConnectionOwner<Connection> {
  /** The name of the endpoint, for logs. */
  readonly name: string;
  readonly failures: UpstreamFailures;
  /** Called when the connection can be used for another request. @param keptFor milliseconds for which the upstream keeps it */
  free(connection: Connection, keptFor: number): void;
  /** Called when the header of a response has come, and its body will follow. */
  streams(connection: Connection, headers: HttpHeaders): void;
  /** Called once, when the connection is closed or not usable any more. */
  gone(connection: Connection): void;
}
