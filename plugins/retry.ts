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
/** For requests also errors that only another endpoint can avoid: a request that was not sent may always be tried again (RFC 9110 section 9.2.2). */
const usualOfRequests: ErrorCode[] = [...usual, "SLUICE_UPSTREAM_DNS_NOT_FOUND", "SLUICE_UPSTREAM_TLS", "SLUICE_UPSTREAM_TRUNCATED"];

/** A code that a plugin made with `defineErrors`. */
const ownCode = z.custom<AnyErrorCode>((code) => typeof code === "string" && /^(?!SLUICE_)[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code), {
  error: `expected one of ${codes.map((code) => `"${code}"`).join(", ")}, or the code of an error that a plugin defines`,
});

const schema = z.object({
  /** Number of tries, including the first. */
  attempts: z.int().min(1).default(3),
  /** Delay before the second try; 0: at once. */
  delay: duration().default(100),
  /** Factor by which the delay grows from one try to the next. */
  factor: z.number().min(1).default(2),
  /** The longest delay. */
  maxDelay: duration({ zero: false }).default(5_000),
  /** `full`: a random time from 0 to the delay, so that many sessions do not try again at the same moment. `none`: the delay itself. */
  jitter: z.enum(["full", "none"]).default("full"),
  /** Time for all tries together: no try starts later. */
  within: duration({ zero: false, compared: true }).default(30_000),
  /** Codes of the errors that are worth another try, for sessions and for requests; codes that a plugin has defined are possible too. */
  on: z
    .array(z.union([z.enum(codes), ownCode]))
    .min(1)
    .optional(),
});

/** What {@link retry} takes. */
export interface RetryConfig {
  /** Number of tries, including the first. @default 3 */
  readonly attempts?: number | undefined;
  /** Delay before the second try; 0: at once. @default "100ms" */
  readonly delay?: Duration | undefined;
  /** Factor by which the delay grows from one try to the next. @default 2 */
  readonly factor?: number | undefined;
  /** The longest delay. @default "5s" */
  readonly maxDelay?: Duration | undefined;
  /** `full`: a random time from 0 to the delay, so that many sessions do not try again at the same moment. `none`: the delay itself. @default "full" */
  readonly jitter?: "full" | "none" | undefined;
  /** Time for all tries together: no try starts later. @default "30s" */
  readonly within?: Duration | undefined;
  /** Codes of the errors that are worth another try; codes that a plugin has defined are possible too. @default refused, reset, timeout, unreachable, DNS temporary */
  readonly on?: AnyErrorCode[] | undefined;
}

export type RetryOptions = z.output<typeof schema>;

/** Idempotent methods: sending the request twice has the same effect as sending it once (RFC 9110 section 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Tries again to open the upstream leg: nothing has been sent to the upstream by then, so this is always safe. Also tries an HTTP request again
 * if nothing of it was sent to the upstream; and an idempotent request if nothing was sent to the client, as long as its body can be sent again.
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

  /** @param may whether another try after this error is safe and useful */
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

  /** Milliseconds to wait after the given number of failures. */
  #backoff(failures: number): number {
    const { delay, factor, maxDelay, jitter } = this.options;
    const longest = Math.min(maxDelay, delay * factor ** (failures - 1));
    return jitter === "none" ? longest : Math.random() * longest;
  }
}

/**
 * Tries again to open the upstream leg, and to send HTTP requests for which another try is safe.
 *
 * @example plugins: [retry({ attempts: 5, within: "10s" })]
 */
export const retry: PluginFactory<RetryConfig> = definePlugin("retry", Retry, schema);
