import type { Attributes, Span } from "@opentelemetry/api";
import type { Session, TimelineEntry, TimelineFollower } from "sluice";
import { connectionAttributes, endpointAttributes, isFailure, sessionAttributes } from "./attributes.ts";
import type { TraceSource } from "./trace-source.ts";

/** The details of an entry in a time line. */
type Details = Readonly<Record<string, string | undefined>>;

/** The spans by session and by name of the plugin use: after a reload the new use continues the span. */
const spans = new WeakMap<Session, Map<string, SessionSpan>>();

/** The span of one session over reloads, with a child for each try to reach an upstream. A session that serves requests has request spans instead. */
export class SessionSpan {
  readonly #span: Span;
  readonly #tries: { readonly endpoint: string; readonly span: Span }[] = [];
  /** The spans of the requests that it serves now. */
  readonly #requests = new Set<Span>();
  #isServing = false;
  #isOver = false;
  /** Number of plugin uses that follow the session: two during a reload. */
  #followers = 0;

  private constructor(
    private readonly session: Session,
    private readonly source: TraceSource,
  ) {
    const { listener, transport } = session;
    this.#span = source.start(`${transport} ${listener}`, { kind: source.api.SpanKind.SERVER });
    source.hold();
  }

  static of(session: Session, use: string): SessionSpan | undefined {
    return spans.get(session)?.get(use);
  }

  /** Follows a session; continues the span that the use of the same name began in an earlier generation. */
  static follow(session: Session, use: string, source: TraceSource): TimelineFollower {
    const own = spans.get(session) ?? new Map<string, SessionSpan>();
    spans.set(session, own);
    const known = own.get(use);
    const span = known === undefined || known.#isOver ? new SessionSpan(session, source) : known;
    own.set(use, span);
    span.#followers += 1;
    return {
      marked: (entry) => {
        span.#marked(entry);
      },
      left: () => {
        span.#followers -= 1;
        if (span.#followers === 0) span.#end();
      },
    };
  }

  /** Notes a request of the session, whose span gets the events of swaps and faults. @returns a function to call at its end */
  serves(request: Span): () => void {
    this.#isServing = true;
    this.#requests.add(request);
    return () => this.#requests.delete(request);
  }

  #marked({ at, what, ...details }: TimelineEntry): void {
    if (this.#isOver) return;
    const known = this.#marks[what];
    if (known === undefined) this.#span.addEvent(what, named(details), at);
    else known(at, details as Details);
  }

  /** The entries with a special meaning; all others become events. */
  readonly #marks: Readonly<Record<string, (at: number, details: Details) => void>> = {
    accepted: () => undefined,
    attempt: (at, { endpoint = "" }) => void this.#tries.push({ endpoint, span: this.#try(endpoint, at) }),
    "attempt-failed": (at, { endpoint, code }) => this.#tried(endpoint, at, code),
    connected: (at, { endpoint }) => this.#tried(endpoint, at),
    swapped: (at) => this.#event("swap", { "sluice.generation": this.session.generation }, at),
    fault: (at, details) => this.#event("fault", faultAttributes(details), at),
    ended: (at, { reason, message }) => this.#end(at, reason, message),
  };

  #event(name: string, attributes: Attributes, at: number): void {
    for (const span of [this.#span, ...this.#requests]) span.addEvent(name, attributes, at);
  }

  #try(endpoint: string, at: number): Span {
    const { api } = this.source;
    const attributes = { ...sessionAttributes(this.session), ...endpointAttributes(endpoint) };
    return this.source.start("connect", { kind: api.SpanKind.CLIENT, startTime: at, attributes }, this.source.within(this.#span));
  }

  /** @param code the reason of its failure; `aborted` when it was not needed any more */
  #tried(endpoint: string | undefined, at: number, code?: string): void {
    const index = this.#tries.findIndex((each) => each.endpoint === endpoint);
    const [made] = index === -1 ? [] : this.#tries.splice(index, 1);
    if (code !== undefined) made?.span.setAttribute("error.type", code);
    if (code !== undefined && code !== "aborted") made?.span.setStatus({ code: this.source.api.SpanStatusCode.ERROR });
    made?.span.end(at);
  }

  /** @param reason undefined when the session continues without being followed */
  #end(at?: number, reason?: string, message?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { span } of this.#tries.splice(0)) span.end(at);
    if (!this.#isServing) this.#finish(at, reason, message);
    this.source.release();
  }

  #finish(at: number | undefined, reason: string | undefined, message: string | undefined): void {
    const { session } = this;
    if (this.#span.isRecording()) {
      this.#span.setAttributes({
        ...sessionAttributes(session),
        ...connectionAttributes(session),
        ...tlsAttributes(session),
        "sluice.generation": session.generation,
        ...(session.upstream === undefined ? {} : { "sluice.upstream": session.upstream }),
        ...(reason === undefined ? {} : { "sluice.end.reason": reason }),
        "sluice.from_client.bytes": session.fromClient.bytes,
        "sluice.from_upstream.bytes": session.fromUpstream.bytes,
      });
      if (reason !== undefined && reason !== "closed") this.#span.setAttribute("error.type", reason);
      if (reason !== undefined && isFailure(reason))
        this.#span.setStatus({ code: this.source.api.SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    }
    this.#span.end(at);
  }
}

function tlsAttributes({ tls }: Session): Attributes {
  if (tls === undefined) return {};
  const { serverName, version, cipher, resumed, protocol } = tls;
  return {
    ...(serverName === undefined ? {} : { "tls.client.server_name": serverName }),
    ...(version === undefined ? {} : { "tls.protocol.name": "tls", "tls.protocol.version": version.replace(/^TLSv/, "") }),
    ...(cipher === undefined ? {} : { "tls.cipher": cipher }),
    ...(resumed === undefined ? {} : { "tls.resumed": resumed }),
    ...(protocol === undefined ? {} : { "tls.next_protocol": protocol }),
  };
}

function faultAttributes({ plugin = "", code = "", message = "" }: Details): Attributes {
  return { "sluice.plugin": plugin, "error.type": code, "error.message": message };
}

/** The details of an entry, with names that begin with `sluice.`. */
function named(details: Readonly<Record<string, unknown>>): Attributes {
  const known = Object.entries(details).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(known.map(([name, value]) => [`sluice.${name}`, value as string]));
}
