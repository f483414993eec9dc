import { SluiceError } from "sluice";
import { constants } from "node:http2";
import { RstStream } from "../message/stream-reset.ts";

/** Responses before the response, at most: nothing else would keep a client from them. */
export const MOST_INTERIM = 100;

/** The cause of a failure on a connection that had been used before: no fault of the request's. */
export class StaleConnection extends Error {
  constructor() {
    super("a kept connection was closed by the upstream");
  }
}

/** The cause of a failure that is the upstream's word that it did nothing with the request (RFC 9113 section 8.7): it may be sent again, whatever its method. */
export class UnprocessedRequest extends Error {
  constructor() {
    super("the upstream refused the stream, or closed the connection before it");
  }
}

/** What may be wrong with the upstream at an endpoint that was asked. */
export class UpstreamFailures {
  /** @param endpoint for messages */
  constructor(private readonly endpoint: string) {}

  /** Interim responses without end. */
  endlessInterim(): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${this.endpoint} sent more than ${MOST_INTERIM} interim responses`);
  }

  malformed(detail: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${this.endpoint} answered with what is no HTTP: ${detail}`);
  }

  /** It closed the connection before it knew that there would be another request. */
  stale(): SluiceError {
    const cause = new StaleConnection();
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.endpoint} closed a kept connection`, { cause });
  }

  unprocessed(): SluiceError {
    const cause = new UnprocessedRequest();
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.endpoint} did not take the request (HTTP/2)`, { cause });
  }

  /** @param code of the stream's RST_STREAM, or of the connection's GOAWAY */
  streamReset(code: number): SluiceError {
    const cause = new RstStream(code);
    // What Node's parser refuses, it resets with the same code.
    if (code === constants.NGHTTP2_PROTOCOL_ERROR) return this.malformed(cause.message);
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.endpoint} broke off: ${cause.message}`, { cause });
  }

  /** @param when without a response, or in the middle of one */
  closedEarly(when: string): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.endpoint} closed the connection ${when}`);
  }

  late(timeout: number): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_TIMEOUT", `upstream ${this.endpoint} sent no response within ${timeout} ms`);
  }

  /** @param waiting requests that wait already */
  busy(waiting: number): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_BUSY", `${waiting} requests wait for a connection to ${this.endpoint}`);
  }
}
