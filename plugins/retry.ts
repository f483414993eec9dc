import { catalogue, CLOCK, definePlugin, duration, LOGGER, OPTIONS, SluiceError } from "sluice";
import type {
  AnyErrorCode,
  Duration,
  ErrorCode,
  HttpRequest,
  HttpResponse,
  Logger,
  Plugin,
  PluginFactory,
  Session,
  Upstream,
} from "sluice";
import { defer, retry as resubscribe, tap, throwError, timer, type Observable, type SchedulerLike } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";

const codes = Object.keys(catalogue).filter((code): code is ErrorCode => code.startsWith("SLUICE_UPSTREAM_"));
const usual: ErrorCode[] = [
  "SLUICE_UPSTREAM_REFUSED",
  "SLUICE_UPSTREAM_RESET",
  "SLUICE_UPSTREAM_TIMEOUT",
  "SLUICE_UPSTREAM_UNREACHABLE",
  "SLUICE_UPSTREAM_DNS_TEMPORARY",
];
/** The next endpoint may have what this one lacks, and a request that was not sent may go there whatever was wrong here (RFC 9110 section 9.2.2). */
const usualOfRequests: ErrorCode[] = [...usual, "SLUICE_UPSTREAM_DNS_NOT_FOUND", "SLUICE_UPSTREAM_TLS", "SLUICE_UPSTREAM_TRUNCATED"];

/** A code that a plugin made with `defineErrors`. */
const ownCode = z.custom<AnyErrorCode>((code) => typeof code === "string" && /^(?!SLUICE_)[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code));

const schema = z.object({
  /** Tries in all, the first included. */
  attempts: z.int().min(1).default(3),
  /** Before the second try; 0: at once. */
  delay: duration().default(100),
  /** By what the delay grows from one try to the next. */
  factor: z.number().min(1).default(2),
  /** No delay is longer. */
  maxDelay: duration({ zero: false }).default(5_000),
  /** `full`: a random time from 0 to the delay, so that many sessions do not come back at once. `none`: the delay itself. */
  jitter: z.enum(["full", "none"]).default("full"),
  /** Budget for all tries together: a try that would start later is not made. */
  within: duration({ zero: false, compared: true }).default(30_000),
  /** Codes of the errors that are worth another try, of sessions and of requests; also those that a plugin has of its own. */
  on: z
    .array(z.union([z.enum(codes), ownCode]))
    .min(1)
    .optional(),
});

/** What {@link retry} takes. */
export interface RetryConfig {
  /** Tries in all, the first included. @default 3 */
  readonly attempts?: number | undefined;
  /** Before the second try; 0: at once. @default "100ms" */
  readonly delay?: Duration | undefined;
  /** By what the delay grows from one try to the next. @default 2 */
  readonly factor?: number | undefined;
  /** No delay is longer. @default "5s" */
  readonly maxDelay?: Duration | undefined;
  /** `full`: a random time from 0 to the delay, so that many sessions do not come back at once. `none`: the delay itself. @default "full" */
  readonly jitter?: "full" | "none" | undefined;
  /** Budget for all tries together: a try that would start later is not made. @default "30s" */
  readonly within?: Duration | undefined;
  /** Codes of the errors that are worth another try; also those that a plugin has of its own. @default refused, reset, timeout, unreachable, DNS temporary */
  readonly on?: AnyErrorCode[] | undefined;
}

export type RetryOptions = z.output<typeof schema>;

/** Idempotent methods: asked twice, they do what one request does (RFC 9110 section 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Tries again to open the upstream leg: nothing has been sent to the upstream by then, so that is always safe. And tries an HTTP request again
 * of which nothing was sent to the upstream, and an idempotent one of which nothing was sent to the client, while its body can be had again.
 */
@injectable()
export class Retry implements Plugin {
  static readonly borrows = true;

  constructor(
    @inject(OPTIONS) private readonly options: RetryOptions,
    @inject(CLOCK) private readonly clock: SchedulerLike,
    @inject(LOGGER) private readonly logger: Logger,
  ) {}

  connect(attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    const on = this.options.on ?? usual;
    return this.#again(attempt, session, ({ code }) => on.includes(code));
  }

  exchange(attempt: Observable<HttpResponse>, request: HttpRequest): Observable<HttpResponse> {
    request.failover = false;
    const isIdempotent = idempotent.has(request.method);
    let isAnswered = false;
    const watched = attempt.pipe(tap(() => (isAnswered = true)));
    const on = this.options.on ?? usualOfRequests;
    const isSafe = (): boolean => !isAnswered && (!request.sent || (isIdempotent && request.replayable));
    return this.#again(watched, request.session, ({ code }) => on.includes(code) && isSafe());
  }

  /** @param may whether another try is safe, and worth it */
  #again<T>(attempt: Observable<T>, session: Session, may: (error: SluiceError) => boolean): Observable<T> {
    const { attempts, within } = this.options;
    return defer(() => {
      const startedAt = this.clock.now();
      const delay = (error: unknown, failures: number): Observable<unknown> => {
        const wait = this.#backoff(failures);
        const spent = this.clock.now() - startedAt;
        if (!SluiceError.is(error) || spent + wait > within || !may(error)) return throwError(() => error);
        this.logger.debug(
          { session: session.id, attempt: failures, code: error.code, waitMs: Math.round(wait) },
          "upstream failed, trying again",
        );
        return timer(wait, this.clock);
      };
      return attempt.pipe(resubscribe({ count: attempts - 1, delay }));
    });
  }

  /** Milliseconds to wait after so many failures. */
  #backoff(failures: number): number {
    const { delay, factor, maxDelay, jitter } = this.options;
    const longest = Math.min(maxDelay, delay * factor ** (failures - 1));
    return jitter === "none" ? longest : Math.random() * longest;
  }
}

/**
 * Tries again to open the upstream leg, and HTTP requests of which that is safe.
 *
 * @example plugins: [retry({ attempts: 5, within: "10s" })]
 */
export const retry: PluginFactory<RetryConfig> = definePlugin("retry", Retry, schema);
