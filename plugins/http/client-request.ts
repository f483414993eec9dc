import { SluiceError } from "sluice";
import type { ExchangeEnd, HttpHeaders, HttpRequest, Session, UpstreamConfig } from "sluice";
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { Readable } from "node:stream";
import { hostOf } from "./authority.ts";
import { endToEnd, first } from "./header-fields.ts";
import { ReplayBody } from "./replay-body.ts";

/** A request as Node's servers give it. */
export type Incoming = IncomingMessage | Http2ServerRequest;

/** What comes before the response. */
export interface Interim {
  /** The upstream wants the body: 100 Continue. */
  continued(): void;
  /** 103 Early Hints. */
  hinted(headers: HttpHeaders): void;
}

const methodToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const target = /^\/[!-[\]-~]*$/;
/** Some upstreams resolve these, and then another route would have been the right one. */
const dotSegment = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** One request, checked. What it says of its connection is left out, and what hooks change is what is sent. */
export class ClientRequest implements HttpRequest {
  readonly method: string;
  readonly host: string;
  readonly scheme: "http" | "https";
  readonly httpVersion: string;
  readonly startedAt = Date.now();
  url: string;
  headers: HttpHeaders;
  upstream: UpstreamConfig | undefined = undefined;
  /** Undefined when there is none. */
  readonly content: ReplayBody | undefined;
  /** Who is told of what comes before the response. */
  interim: Interim | undefined = undefined;
  #listeners: ((end: ExchangeEnd) => void)[] = [];

  /**
   * @param replay bytes of the body that are kept for another attempt
   * @throws SLUICE_HTTP_REQUEST
   */
  constructor(
    readonly session: Session,
    private readonly incoming: Incoming,
    readonly isUpgrade: boolean,
    replay: number,
  ) {
    this.method = incoming.method ?? "";
    this.url = incoming.url ?? "";
    this.httpVersion = incoming.httpVersion;
    this.scheme = session.tls?.version === undefined ? "http" : "https";
    this.headers = endToEnd(incoming.rawHeaders);
    checkTarget(this.method, this.url);
    this.host = settleHost(this.headers, authorityOf(incoming));
    this.content = hasBody(incoming) ? new ReplayBody(incoming, replay, (source) => endToEnd(source.rawTrailers)) : undefined;
  }

  get body(): Readable | undefined {
    return this.content === undefined ? undefined : this.incoming;
  }

  get replayable(): boolean {
    return this.content?.replayable ?? true;
  }

  onEnd(listener: (end: ExchangeEnd) => void): void {
    this.#listeners.push(listener);
  }

  /** Tells everyone who asked; one that throws keeps it from no other. */
  end(end: ExchangeEnd, failed: (error: unknown) => void): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) {
      try {
        listener(end);
      } catch (error) {
        failed(error);
      }
    }
  }
}

function authorityOf(incoming: Incoming): string | undefined {
  return "authority" in incoming && incoming.authority !== "" ? incoming.authority : undefined;
}

/** Whether the request says that it has a body. */
function hasBody(incoming: Incoming): boolean {
  if ("stream" in incoming) return !incoming.stream.endAfterHeaders;
  const { headers } = incoming;
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] !== undefined && headers["content-length"] !== "0");
}

/** @throws SLUICE_HTTP_REQUEST */
function checkTarget(method: string, url: string): void {
  if (!methodToken.test(method) || method === "CONNECT") throw refused("the method is not served");
  if (!target.test(url)) throw refused("expected a path that begins with a slash");
  if (dotSegment.test(url.split("?", 1)[0] ?? "")) throw refused("the path has dot segments");
}

/** Settles the Host field, of which HTTP/1.0 may have none. @returns the host asked for */
function settleHost(headers: HttpHeaders, authority: string | undefined): string {
  const field = first(headers, "host");
  if (authority !== undefined && field !== undefined && field !== authority) throw refused("Host and :authority differ");
  const given = authority ?? field;
  if (given === undefined) return "";
  const host = hostOf(given);
  if (host === undefined) throw refused("the host is malformed");
  headers["host"] = given;
  return host;
}

function refused(detail: string): SluiceError {
  return new SluiceError("SLUICE_HTTP_REQUEST", detail);
}
