import { definePlugin, EVENTS, LOGGER, OPTIONS, printable } from "sluice";
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
   * What this use logs, whatever the proxy's own level is. `debug`: sessions that start or are refused too. `info`: sessions and requests
   * that ended, and chunks. `warn`: failures alone.
   */
  level: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  /** Also one record per chunk, with its size alone or its content. */
  chunks: z.union([z.literal(false), z.enum(["size", "hex", "text"])]).default(false),
});

/** What {@link logging} takes. */
export interface LoggingConfig {
  /** What this use logs, whatever the proxy's own level is. `debug`: sessions that start or are refused too. `info`: sessions and requests that ended, and chunks. `warn`: failures alone. @default "info" */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | undefined;
  /** Also one record per chunk, with its size alone or its content. @default false */
  readonly chunks?: false | "size" | "hex" | "text" | undefined;
}

export type LoggingOptions = z.output<typeof schema>;
type ByteHook = NonNullable<Plugin["fromClient"]>;
type Ended = Extract<ProxyEvent, { type: "session-ended" }>;

type Asked = Pick<HttpRequest, "method" | "host" | "url">;

/** Bytes of one chunk that a record shows. */
const SHOWN = 4096;
/** Ends that are logged elsewhere: by an operator's own doing, or as a fault of a plugin, which the proxy logs with its place and a count. */
const toldElsewhere: ReadonlySet<AnyErrorCode> = new Set([
  "SLUICE_CLOSED",
  "SLUICE_DRAIN_DEADLINE",
  "SLUICE_PLUGIN_FAILED",
  "SLUICE_PLUGIN_CHUNK",
  "SLUICE_PLUGIN_FRAME",
  "SLUICE_PLUGIN_ARGUMENT",
]);

/** Writes one record when a session or an HTTP request ends, and one per chunk when asked to. Without `chunks` it has no byte hook: a byte costs nothing. */
@injectable()
export class Logging implements Plugin {
  static readonly borrows = true;
  declare readonly fromClient?: ByteHook;
  declare readonly fromUpstream?: ByteHook;
  readonly #isBound: boolean;
  readonly #logger: Logger;
  #subscription: Subscription | undefined;
  /** Those whose end is told. */
  readonly #requests = new WeakSet<HttpRequest>();

  constructor(
    @inject(OPTIONS) options: LoggingOptions,
    @inject(LOGGER) logger: Logger,
    @inject(EVENTS) private readonly events: Observable<ProxyEvent>,
  ) {
    // Asked once: pino parses its bindings each time.
    this.#isBound = boundTo(logger, "listener");
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
    // Behind retry() it is asked once per try.
    if (!this.#logger.isLevelEnabled("warn") || this.#requests.has(request)) return attempt;
    this.#requests.add(request);
    // As it is here: hooks nearer the upstream may change it.
    const asked = { method: request.method, host: request.host, url: request.url };
    request.onEnd((end) => {
      this.#exchanged(request, asked, end);
    });
    return attempt;
  }

  /** No header field is logged, and no query: tokens are in them. One literal: spreading is expensive, and there is a record per request. */
  #exchanged({ session, client, httpVersion }: HttpRequest, { method, host, url }: Asked, end: ExchangeEnd): void {
    const { error } = end;
    const level = isFailure(error) ? "warn" : "info";
    if (!this.#logger.isLevelEnabled(level)) return;
    this.#logger[level](
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
        attempts: end.attempts,
        code: error?.code,
        // With its remedy, where no documentation of ours has it.
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
    // Not by spreading: Node 20 takes microseconds for what is added to a copy.
    const line: Record<string, unknown> = this.#isBound ? { session } : { listener, session };
    Object.assign(line, { transport, client, upstream, generation, reason });
    if (reason !== "closed") line["phase"] = phase;
    line["durationMs"] = durationMs;
    if (attempts !== undefined) line["attempts"] = attempts;
    if (panic !== undefined) line["panic"] = panic;
    // What to do about it stands in no documentation of ours.
    if (isOwn(error)) line["message"] = error?.message;
    line["fromClient"] = { bytes: fromClient.bytes, chunks: fromClient.chunks };
    line["fromUpstream"] = { bytes: fromUpstream.bytes, chunks: fromUpstream.chunks };
    this.#logger.info(line, "session ended");
    if (!isFailure(error)) return;
    const { code, message } = error;
    this.#logger.warn({ ...this.#listener(listener), session, client, phase, code, message }, "session failed");
  }

  /** Some log stores refuse JSON that has a key twice, so it is left out when the logger is bound to the listener already. */
  #listener(listener: string): object {
    return this.#isBound ? {} : { listener };
  }

  #chunks(direction: "fromClient" | "fromUpstream", form: "size" | "hex" | "text"): ByteHook {
    return (data: Observable<Buffer>, session: Session) =>
      data.pipe(
        each((chunk) => {
          if (this.#logger.isLevelEnabled("info")) this.#logger.info({ session: session.id, direction, ...shown(chunk, form) }, "chunk");
          return chunk;
        }),
      );
  }
}

function shown(chunk: Buffer, form: "size" | "hex" | "text"): object {
  const bytes = chunk.length;
  if (form === "size") return { bytes };
  const head = chunk.subarray(0, SHOWN);
  // `encoding` lets a terminal show them as `hexdump -C` does.
  const content = form === "hex" ? { data: head.toString("hex"), encoding: form } : { data: printable(head.toString("utf8")) };
  return bytes > SHOWN ? { bytes, ...content, truncated: true } : { bytes, ...content };
}

/** Made by a plugin with `defineErrors`. */
function isOwn(error: SluiceError | undefined): boolean {
  return error?.code.startsWith("SLUICE_") === false;
}

/** A client that goes away is no failure; the record's reason says enough. */
function isFailure(error: SluiceError | undefined): error is SluiceError {
  return error !== undefined && error.source !== "client" && !toldElsewhere.has(error.code) && !(isOwn(error) && error.source === "plugin");
}

function boundTo(logger: Logger & { bindings?(): object }, field: string): boolean {
  return typeof logger.bindings === "function" && field in logger.bindings();
}

/**
 * Writes one record when a session or an HTTP request ends, and one per chunk when asked to.
 *
 * @example plugins: [logging({ chunks: "hex" })]
 */
export const logging: PluginFactory<LoggingConfig> = definePlugin("logging", Logging, schema);
