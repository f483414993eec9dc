import { definePlugin, EVENTS, LOGGER, OPTIONS } from "sluice";
import type { ExchangeEnd, HttpRequest, HttpResponse, Logger, Plugin, ProxyEvent, Session } from "sluice";
import { each } from "sluice/flow";
import type { Observable, Subscription } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";

const schema = z.object({
  /** Level of the records of sessions and chunks. */
  level: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  /** Also one record per chunk, with its size alone or its content. */
  chunks: z.union([z.literal(false), z.enum(["size", "hex", "text"])]).default(false),
});

export type LoggingOptions = z.output<typeof schema>;
type ByteHook = NonNullable<Plugin["fromClient"]>;
type Ended = Extract<ProxyEvent, { type: "session-ended" }>;

type Asked = Pick<HttpRequest, "method" | "host" | "url">;

/** Bytes of one chunk that a record shows. */
const SHOWN = 4096;
// C0 (a line break too: one chunk is one line), DEL, C1, and what reorders or breaks lines on a terminal.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
const operators = new Set(["SLUICE_CLOSED", "SLUICE_DRAIN_DEADLINE"]);

/** Writes one record when a session or an HTTP request ends, and one per chunk when asked to. Without `chunks` it has no byte hook: a byte costs nothing. */
@injectable()
export class Logging implements Plugin {
  static readonly borrows = true;
  declare readonly fromClient?: ByteHook;
  declare readonly fromUpstream?: ByteHook;
  readonly #isBound: boolean;
  #subscription: Subscription | undefined;

  constructor(
    @inject(OPTIONS) private readonly options: LoggingOptions,
    @inject(LOGGER) private readonly logger: Logger,
    @inject(EVENTS) private readonly events: Observable<ProxyEvent>,
  ) {
    // Asked once: pino parses its bindings anew each time.
    this.#isBound = boundTo(logger, "listener");
    if (options.chunks === false) return;
    this.fromClient = this.#chunks("fromClient", options.chunks);
    this.fromUpstream = this.#chunks("fromUpstream", options.chunks);
  }

  setup(): void {
    this.#subscription = this.events.subscribe((event) => {
      this.#write(event);
    });
  }

  teardown(): void {
    this.#subscription?.unsubscribe();
  }

  exchange(attempt: Observable<HttpResponse>, request: HttpRequest): Observable<HttpResponse> {
    if (!this.logger.isLevelEnabled(this.options.level)) return attempt;
    // As it is here: hooks nearer the upstream may change it.
    const asked = { method: request.method, host: request.host, url: request.url };
    request.onEnd((end) => {
      this.#exchanged(request, asked, end);
    });
    return attempt;
  }

  /** No header field is logged, and no query: tokens are in them. One literal: spreading is dear, and there is a record per request. */
  #exchanged({ session, client, httpVersion }: HttpRequest, { method, host, url }: Asked, end: ExchangeEnd): void {
    const { error } = end;
    this.logger[this.options.level](
      {
        // Left out of the line when undefined.
        listener: this.#isBound ? undefined : session.listener,
        session: session.id,
        client: String(client),
        method,
        host: printable(host),
        path: printable(url.split("?", 1)[0] ?? ""),
        httpVersion,
        status: end.status,
        upstream: end.upstream,
        requestBytes: end.requestBytes,
        responseBytes: end.responseBytes,
        durationMs: end.durationMs,
        code: error?.code,
        reason: error === undefined ? undefined : printable(error.detail),
      },
      "request ended",
    );
  }

  #write(event: ProxyEvent): void {
    if (event.type === "session-started") {
      const { id, listener, transport, client } = event.session;
      this.logger.debug({ ...this.#listener(listener), session: id, transport, client: String(client) }, "session started");
    } else if (event.type === "session-ended") this.#ended(event);
    else if (event.type === "session-refused") {
      const { listener, client, error } = event;
      this.logger.debug({ ...this.#listener(listener), client, code: error.code, reason: error.message }, "session refused");
    }
  }

  #ended({ record, error }: Ended): void {
    const { listener, session, transport, client, upstream, generation, reason, phase, durationMs, fromClient, fromUpstream } = record;
    const end = reason === "closed" ? { reason } : { reason, phase };
    const fields = { session, transport, client, upstream, generation, ...end, durationMs };
    const traffic = {
      fromClient: { bytes: fromClient.bytes, chunks: fromClient.chunks },
      fromUpstream: { bytes: fromUpstream.bytes, chunks: fromUpstream.chunks },
    };
    this.logger[this.options.level]({ ...this.#listener(listener), ...fields, ...traffic }, "session ended");
    // A client that goes away and an operator who stops the proxy are no failure; the record's reason says enough.
    if (error === undefined || error.source === "client" || operators.has(error.code)) return;
    const { code, message } = error;
    this.logger.warn({ ...this.#listener(listener), session, client, phase, code, message }, "session failed");
  }

  /** Some log stores refuse JSON that has a key twice, so it is left out when the logger is bound to the listener already. */
  #listener(listener: string): object {
    return this.#isBound ? {} : { listener };
  }

  #chunks(direction: "fromClient" | "fromUpstream", form: "size" | "hex" | "text"): ByteHook {
    const { level } = this.options;
    return (data: Observable<Buffer>, session: Session) =>
      data.pipe(
        each((chunk) => {
          if (this.logger.isLevelEnabled(level)) this.logger[level]({ session: session.id, direction, ...shown(chunk, form) }, "chunk");
          return chunk;
        }),
      );
  }
}

function shown(chunk: Buffer, form: "size" | "hex" | "text"): object {
  const bytes = chunk.length;
  if (form === "size") return { bytes };
  const head = chunk.subarray(0, SHOWN);
  const data = form === "hex" ? head.toString("hex") : printable(head.toString("utf8"));
  return bytes > SHOWN ? { bytes, data, truncated: true } : { bytes, data };
}

function printable(text: string): string {
  return text.replace(unprintable, escaped);
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

function boundTo(logger: Logger & { bindings?(): object }, field: string): boolean {
  return typeof logger.bindings === "function" && field in logger.bindings();
}

/** Makes a use of {@link Logging}. */
export const logging = definePlugin("logging", Logging, schema);
