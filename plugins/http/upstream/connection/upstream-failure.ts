import { SluiceError } from "sluice";
import { constants } from "node:http2";
import { RstStream } from "../../message/stream-reset.ts";

/** The most interim responses: an upstream could send them without end. */
export const MOST_INTERIM = 100;

/** The cause of a failure on a connection that had been used before: the request did not cause it. */
export class StaleConnection extends Error {
  constructor() {
    super("a kept connection was closed by the upstream");
  }
}

/**
 * The cause of a failure of which the upstream says that it did not process the request (RFC 9113 section 8.7): it may be sent again, whatever its
 * method.
 */
export class UnprocessedRequest extends Error {
  constructor() {
    super("the upstream refused the stream, or closed the connection before it");
  }
}

/** The errors of an upstream's endpoint. */
export class UpstreamFailures {
  /** @param endpoint for messages */
  constructor(private readonly endpoint: string) {}

  /** The error for too many interim responses. */
  endlessInterim(): SluiceError {
    return new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `upstream ${this.endpoint} sent more than ${MOST_INTERIM} interim responses`);
  }

  malformed(detail: string): SluiceError {
    return new SluiceError(
      "SLUICE_UPSTREAM_PROTOCOL",
      `upstream ${this.endpoint} answered with something that is not valid HTTP: ${detail}`,
    );
  }

  /** The error when it closed a kept connection before another request reached it. */
  stale(): SluiceError {
    const cause = new StaleConnection();
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.endpoint} closed a kept connection`, { cause });
  }

  /**
   * The error for a request without a response.
   * @param error the connection's; undefined when it ended
   * @param mayBeStale whether nothing came, on a connection that had been used before
   */
  unanswered(error: SluiceError | undefined, mayBeStale: boolean): SluiceError {
    const isReset = error === undefined || error.code === "SLUICE_UPSTREAM_RESET";
    if (mayBeStale && isReset) return this.stale();
    return error ?? this.closedEarly("without a response");
  }

  unprocessed(): SluiceError {
    const cause = new UnprocessedRequest();
    return new SluiceError("SLUICE_UPSTREAM_RESET", `upstream ${this.endpoint} did not process the request (HTTP/2)`, { cause });
  }

  /** @param code the code of the stream's RST_STREAM, or of the connection's GOAWAY */
  streamReset(code: number): SluiceError {
    const cause = new RstStream(code);
    // Node's parser resets malformed responses with the same code.
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
