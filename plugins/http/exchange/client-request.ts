import type {
  ExchangeEnd,
  HttpAttempt,
  HttpAttemptEnd,
  HttpAttemptListener,
  HttpHeaders,
  HttpRequest,
  HttpResponse,
  Session,
  SocketAddress,
  UpstreamConfig,
  SessionAttempt,
} from "sluice";
import { Readable } from "node:stream";
import { AttemptListeners, nobody } from "./attempt-listeners.ts";
import { hostOf, isSameAuthority, withBrackets } from "../message/authority.ts";
import { requestRefused } from "../message/failure.ts";
import { endToEnd, first, trailerFields, wireFields } from "../message/header-fields.ts";
import { spellings } from "../message/message-head.ts";
import { ReplayBody, type BodySource } from "./replay-body.ts";
import { readTarget } from "../message/target.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";
import { WholeBody } from "./whole-body.ts";

/** The header of a request, as it came. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** Names and values, one after the other. */
  readonly fields: readonly string[];
  /** See {@link HttpRequest.fieldNames}. */
  readonly fieldNames?: readonly string[] | undefined;
  /** The pseudo-field `:authority` of HTTP/2, which replaces Host; empty or undefined when there is none. */
  readonly authority: string | undefined;
  /** The protocol to which the request asks to change. */
  readonly upgrade?: string | undefined;
}

/** Settings for all requests of a listener. */
export interface RequestTerms {
  /** Bytes of the body that are kept for another attempt. */
  readonly replay: number;
  readonly trusted: TrustedProxies;
}

/** The most attempts that are remembered. */
const MOST_ATTEMPTS = 100;

/** An interim response: 100 Continue, 103 Early Hints and others. */
export type InterimResponse = Pick<HttpResponse, "status" | "statusText" | "headers" | "fieldNames">;

/** Receives interim responses. */
export interface InterimReceiver {
  informed(response: InterimResponse): void;
}

/** One request, already checked. Fields about its connection are left out. Changes that hooks make to it are sent. */
export class ClientRequest implements HttpRequest {
  readonly method: string;
  readonly host: string;
  /** The host with its port, as the client wrote it; empty when it named none. */
  readonly authority: string;
  readonly scheme: "http" | "https";
  readonly httpVersion: string;
  readonly isUpgrade: boolean;
  readonly upgrade: string | undefined;
  readonly startedAt = Date.now();
  url: string;
  headers: HttpHeaders;
  readonly fieldNames: readonly string[] | undefined;
  upstream: UpstreamConfig | undefined = undefined;
  sent = false;
  failover = true;
  /** The endpoints that were tried, also by another attempt of a plugin such as `retry()`. */
  readonly tried = new Set<string>();
  #wasGivenBack = false;
  /** The body that is sent; undefined when there is none. */
  content: ReplayBody | WholeBody | undefined;
  /** The client's own body, even if a hook has replaced it. */
  readonly received: ReplayBody | WholeBody | undefined;
  readonly #source: BodySource | undefined;
  /** Receives interim responses. */
  interim: InterimReceiver | undefined = undefined;
  /** Undefined until an attempt has failed. */
  attempts: SessionAttempt[] | undefined = undefined;
  #body: Readable | undefined;
  #client: SocketAddress | undefined;
  /** The forwarding fields as the client sent them, before a hook could change them. */
  readonly #forwardedFor: string | undefined;
  readonly #forwarded: string | undefined;
  #listeners: ((end: ExchangeEnd) => void)[] = [];
  /** Undefined when nobody listens to its tries. */
  #attemptListeners: AttemptListeners | undefined;

  /**
   * @param body the complete body, or its source; undefined when there is none
   * @throws SLUICE_HTTP_REQUEST
   */
  constructor(
    readonly session: Session,
    { method, target, httpVersion, fields, fieldNames, authority, upgrade }: RequestHead,
    body: BodySource | Buffer | undefined,
    private readonly terms: RequestTerms,
  ) {
    this.method = method;
    this.httpVersion = httpVersion;
    this.upgrade = upgrade;
    this.isUpgrade = upgrade !== undefined;
    this.scheme = session.tls?.version === undefined ? "http" : "https";
    this.headers = endToEnd(fields);
    this.fieldNames = fieldNames;
    this.#forwardedFor = joined(this.headers["x-forwarded-for"]);
    this.#forwarded = joined(this.headers["forwarded"]);
    const { url, authority: asked } = readTarget(method, target);
    this.url = url;
    this.host = settleHost(this.headers, asked, authority === "" ? undefined : authority);
    this.authority = first(this.headers, "host") ?? "";
    if (body instanceof Uint8Array) this.received = new WholeBody(body);
    else if (body !== undefined) {
      this.#body = body;
      this.#source = body;
      this.received = new ReplayBody(body, terms.replay, {
        trailers: () => this.#trailers(),
        length: first(this.headers, "content-length"),
        isOfHook: false,
      });
    }
    this.content = this.received;
  }

  /** Computed when it is needed: it may cost a system call. */
  get client(): SocketAddress {
    return (this.#client ??= this.terms.trusted.clientOf(this.session.client, this.#forwardedFor, this.#forwarded));
  }

  get body(): Readable | undefined {
    const whole = this.content?.whole;
    if (whole !== undefined) this.#body ??= Readable.from(whole, { objectMode: false });
    return this.#body;
  }

  set body(body: Readable | Uint8Array | string | undefined) {
    if (body instanceof Readable && body === this.#body) return;
    delete this.headers["content-length"];
    // The new body is complete, so the client is not asked to send (100 Continue).
    if (!(body instanceof Readable)) delete this.headers["expect"];
    this.#body = body instanceof Readable ? body : undefined;
    if (body === undefined) this.content = undefined;
    else if (body instanceof Readable)
      this.content = new ReplayBody(body, this.terms.replay, { trailers: () => this.#trailers(), length: undefined, isOfHook: true });
    else this.content = new WholeBody(Buffer.from(body as Uint8Array));
  }

  /** Bytes of the client's body that have come. */
  get receivedBytes(): number {
    return Math.max(this.received?.bytes ?? 0, this.content === this.received ? 0 : (this.#source?.taken ?? 0));
  }

  /** Sets a function that is called when a hook begins to read the body, before the client was asked to send it (100 Continue). */
  onRead(read: () => void): void {
    if (this.#source !== undefined) this.#source.onRead = read;
  }

  /** Drops the rest of the body. */
  drop(): void {
    if (this.content !== this.received) this.content?.drop();
    this.received?.drop();
  }

  #trailers(): string[] {
    const raw = this.#source?.rawTrailers ?? [];
    return wireFields(trailerFields(endToEnd(raw)), spellings(raw));
  }

  get replayable(): boolean {
    return this.content?.replayable ?? true;
  }

  /** Notes the end of an attempt. @param code the reason of its failure; undefined when it did not fail */
  attempted(endpoint: string, durationMs: number, code: SessionAttempt["code"]): void {
    if (code === undefined && this.attempts === undefined) return;
    this.attempts ??= [];
    if (this.attempts.length < MOST_ATTEMPTS) this.attempts.push({ endpoint, durationMs: Math.max(0, Math.round(durationMs)), code });
  }

  onAttempt(listener: HttpAttemptListener): void {
    (this.#attemptListeners ??= new AttemptListeners()).add(listener);
  }

  /** Notes the begin of a try. @returns a function to call with its result; only its first call counts */
  begins(attempt: HttpAttempt): (end: HttpAttemptEnd) => void {
    return this.#attemptListeners?.begin(attempt) ?? nobody;
  }

  /** Notes that an upstream did not process the request, so it counts as not sent. @returns whether that is the first time */
  givenBack(): boolean {
    const isFirst = !this.#wasGivenBack;
    this.#wasGivenBack = true;
    this.sent = false;
    return isFirst;
  }

  onEnd(listener: (end: ExchangeEnd) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls all listeners; one that throws does not affect the others. */
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
    for (const error of this.#attemptListeners?.thrown ?? []) failed(error);
  }
}

/** Joins several lines of a field into one list (RFC 9110 section 5.3). */
function joined(values: string | string[] | undefined): string | undefined {
  return Array.isArray(values) ? values.join(",") : values;
}

/**
 * Decides the Host field; HTTP/1.0 may have none.
 * @param asked the host in the target, which takes precedence over Host (RFC 9112 section 3.2.2)
 * @param authority the pseudo-field of HTTP/2, which replaces Host
 * @returns the host that is asked for
 */
function settleHost(headers: HttpHeaders, asked: string | undefined, authority: string | undefined): string {
  const field = first(headers, "host");
  if (authority !== undefined && field !== undefined && !isSameAuthority(field, authority))
    throw requestRefused("Host and :authority differ");
  const given = asked ?? (authority === undefined ? field : withBrackets(authority));
  if (given === undefined) return "";
  const host = hostOf(given);
  if (host === undefined || (asked !== undefined && isMalformed(field))) throw requestRefused("the host is malformed");
  headers["host"] = given;
  return host;
}

/** Whether a Host field is refused beside an absolute URL (RFC 9112 section 3.2). It may be empty there. */
function isMalformed(field = ""): boolean {
  return field !== "" && hostOf(field) === undefined;
}
