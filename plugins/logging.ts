import { definePlugin, type Direction, EVENTS, LOGGER, OPTIONS, printable } from "sluice";
import type {
  AnyErrorCode,
  ExchangeEnd,
  HttpRequest,
  HttpResponse,
  Logger,
  Plugin,
  PluginFactory,
  ProxyEvent,
  Session,
  SluiceError,
} from "sluice";
import { each } from "sluice/flow";
import type { Observable, Subscription } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";

const schema = z.object({
  /**
   * What this use logs, whatever the proxy's own level is. `debug`: also sessions that start or are refused. `info`: sessions and requests
   * that ended, and chunks. `warn`: only failures.
   */
  level: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  /** Also one record per chunk, with only its size, or with its content. */
  chunks: z.union([z.literal(false), z.enum(["size", "hex", "text"])]).default(false),
});

/** What {@link logging} takes. */
export interface LoggingConfig {
  /** What this use logs, whatever the proxy's own level is. `debug`: also sessions that start or are refused. `info`: sessions and requests that ended, and chunks. `warn`: only failures. @default "info" */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | undefined;
  /** Also one record per chunk, with only its size, or with its content. @default false */
  readonly chunks?: false | "size" | "hex" | "text" | undefined;
}

export type LoggingOptions = z.output<typeof schema>;
type ByteHook = NonNullable<Plugin["fromClient"]>;
type Ended = Extract<ProxyEvent, { type: "session-ended" }>;

type Asked = Pick<HttpRequest, "method" | "host" | "url">;

/**
 * The uses of `logging()` that log a request. The request has it as a property because a Set or a Map whose entries come and go keeps them alive: a
 * table that a larger or newer one has replaced leads to its successor, so once one of them is old, all later ones are copied by each collection of
 * young garbage (ADR 0060). Entries of a WeakSet make those collections longer too.
 */
const loggedBy = Symbol("logged by");
type MarkedRequest = HttpRequest & { [loggedBy]?: readonly Logging[] };

/** Bytes of one chunk that a record shows. */
const SHOWN = 4096;
/** Ends that are not logged here: an operator caused them, or a plugin's fault did, which the proxy itself logs with its place and a count. */
const toldElsewhere: ReadonlySet<AnyErrorCode> = new Set([
  "SLUICE_CLOSED",
  "SLUICE_DRAIN_DEADLINE",
  "SLUICE_PLUGIN_FAILED",
  "SLUICE_PLUGIN_CHUNK",
  "SLUICE_PLUGIN_FRAME",
  "SLUICE_PLUGIN_ARGUMENT",
]);

/** Writes one record when a session or an HTTP request ends, and one per chunk when asked to. Without `chunks` it has no byte hook, so that bytes cost nothing. */
@injectable()
export class Logging implements Plugin {
  static readonly borrows = true;
  declare readonly fromClient?: ByteHook;
  declare readonly fromUpstream?: ByteHook;
  readonly #isBound: boolean;
  readonly #logger: Logger;
  #subscription: Subscription | undefined;
  /** The value of {@link loggedBy} for a request that no other use logs. */
  readonly #alone: readonly Logging[] = [this];

  constructor(
    @inject(OPTIONS) options: LoggingOptions,
    @inject(LOGGER) logger: Logger,
    @inject(EVENTS) private readonly events: Observable<ProxyEvent>,
  ) {
    // Read once: pino parses its bindings at every call.
    this.#isBound = isOfListener(logger);
    this.#logger = logger.child({}, { level: options.level });
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
    // After retry() in the list, this hook is called once per try.
    if (!this.#logger.isLevelEnabled("warn") || !this.#isNew(request)) return attempt;
    // The request as it is here: hooks nearer to the upstream may change it.
    const asked = { method: request.method, host: request.host, url: request.url };
    request.onEnd((end) => {
      this.#exchanged(request, asked, end);
    });
    return attempt;
  }

  /** Marks a request as one whose end is logged. @returns false if it was marked already */
  #isNew(request: MarkedRequest): boolean {
    const uses = request[loggedBy];
    if (uses?.includes(this) === true) return false;
    request[loggedBy] = uses === undefined ? this.#alone : [...uses, this];
    return true;
  }

  /** Logs no header field and no query, since they may contain tokens. One literal, since spreading is expensive and each request has a record. */
  #exchanged({ session, client, httpVersion }: HttpRequest, { method, host, url }: Asked, end: ExchangeEnd): void {
    const { error } = end;
    const level = isFailure(error) ? "warn" : "info";
    if (!this.#logger.isLevelEnabled(level)) return;
    this.#logger[level](
      {
        // pino omits it when undefined.
        listener: this.#isBound ? undefined : session.listener,
        session: session.id,
        client: client.toString(),
        method,
        host: printable(host),
        path: printable(url.includes("?") ? url.slice(0, url.indexOf("?")) : url),
        httpVersion,
        status: end.status,
        upstream: end.upstream,
        requestBytes: end.requestBytes,
        responseBytes: end.responseBytes,
        durationMs: end.durationMs,
        attempts: end.attempts,
        code: error?.code,
        // A plugin's own error is not in the documentation, so its full message with the remedy is logged.
        reason: error === undefined ? undefined : printable(isOwn(error) ? error.message : error.detail),
      },
      "request ended",
    );
  }

  #write(event: ProxyEvent): void {
    if (event.type === "session-started") {
      const { id, listener, transport, client } = event.session;
      this.#logger.debug({ ...this.#listener(listener), session: id, transport, client: String(client) }, "session started");
    } else if (event.type === "session-ended") this.#ended(event);
    else if (event.type === "session-refused") {
      const { listener, client, error } = event;
      this.#logger.debug({ ...this.#listener(listener), client, code: error.code, reason: error.message }, "session refused");
    }
  }

  #ended({ record, error }: Ended): void {
    const { listener, session, transport, client, upstream, generation, reason, phase, durationMs, fromClient, fromUpstream } = record;
    const { attempts, panic } = record;
    // No spreading: on Node 20, adding properties to such a copy takes microseconds.
    const line: Record<string, unknown> = this.#isBound ? { session } : { listener, session };
    Object.assign(line, { transport, client, upstream, generation, reason });
    if (reason !== "closed") line["phase"] = phase;
    line["durationMs"] = durationMs;
    if (attempts !== undefined) line["attempts"] = attempts;
    if (panic !== undefined) line["panic"] = panic;
    if (error !== undefined) tell(error, line);
    line["fromClient"] = { bytes: fromClient.bytes, chunks: fromClient.chunks };
    line["fromUpstream"] = { bytes: fromUpstream.bytes, chunks: fromUpstream.chunks };
    this.#logger.info(line, "session ended");
    if (!isFailure(error)) return;
    const { code, message } = error;
    this.#logger.warn({ ...this.#listener(listener), session, client, phase, code, message }, "session failed");
  }

  /** Empty when the logger is bound to the listener already: some log stores refuse JSON with a duplicate key. */
  #listener(listener: string): object {
    return this.#isBound ? {} : { listener };
  }

  #chunks(direction: Direction, form: "size" | "hex" | "text"): ByteHook {
    return (data: Observable<Buffer>, session: Session) =>
      data.pipe(
        each((chunk) => {
          if (this.#logger.isLevelEnabled("info")) this.#logger.info({ session: session.id, direction, ...shown(chunk, form) }, "chunk");
          return chunk;
        }),
      );
  }
}

/** Says what was wrong, unless the code says it, or another record does. */
function tell(error: SluiceError, line: Record<string, unknown>): void {
  // A plugin's own error is not in the documentation: the full message says what to do.
  if (isOwn(error)) line["message"] = error.message;
  else if (error.source === "client" && error.code !== "SLUICE_CLIENT_RESET") line["message"] = printable(error.detail);
}

function shown(chunk: Buffer, form: "size" | "hex" | "text"): object {
  const bytes = chunk.length;
  if (form === "size") return { bytes };
  const head = chunk.subarray(0, SHOWN);
  // `encoding` tells the terminal output to print the bytes like `hexdump -C`.
  const content = form === "hex" ? { data: head.toString("hex"), encoding: form } : { data: printable(head.toString("utf8")) };
  return bytes > SHOWN ? { bytes, ...content, truncated: true } : { bytes, ...content };
}

/** Whether a plugin defined the error with `defineErrors`. */
function isOwn(error: SluiceError | undefined): boolean {
  return error?.code.startsWith("SLUICE_") === false;
}

/** Whether an end is a failure. A client that leaves is not: the reason in the record is enough. */
function isFailure(error: SluiceError | undefined): error is SluiceError {
  return error !== undefined && error.source !== "client" && !toldElsewhere.has(error.code) && !(isOwn(error) && error.source === "plugin");
}

/** Whether the name of the listener is in each of its lines anyway. */
function isOfListener(logger: Logger & { bindings?(): object }): boolean {
  return typeof logger.bindings === "function" && "listener" in logger.bindings();
}

/**
 * Writes one record when a session or an HTTP request ends, and one per chunk when asked to.
 *
 * @example plugins: [logging({ chunks: "hex" })]
 */
export const logging: PluginFactory<LoggingConfig> = definePlugin("logging", Logging, schema);
