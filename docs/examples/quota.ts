import { CLOCK, defineErrors, definePlugin, duration, LOGGER, OPTIONS, size } from "sluice";
import type { Duration, Logger, Plugin, PluginFactory, Session, Size } from "sluice";
import { each } from "sluice/flow";
import { interval, type Observable, type SchedulerLike, type Subscription } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";

/** What {@link quota} takes. */
export interface QuotaConfig {
  /** What one client may be sent in one window. */
  readonly bytes: Size;
  /** How long a window is. @default "1h" */
  readonly per?: Duration | undefined;
}

const schema = z.object({
  /** What one client may be sent in one window. */
  bytes: size(),
  /** How long a window is. */
  per: duration().prefault("1h"),
});

/** Its code is QUOTA_EXCEEDED: the plugin's id and the error's name. */
const errors = defineErrors("quota", {
  EXCEEDED: { text: "{client} was sent more than {bytes} bytes", remedy: "wait until the window is over, or raise `bytes`", status: 429 },
});

/** Clients remembered at most; beyond that the one seen first is forgotten. */
const MAX_CLIENTS = 10_000;

/** Ends the sessions of a client that was sent too much. */
@injectable()
export class Quota implements Plugin {
  static readonly borrows = true;
  /** Bytes by client, in this window. Public, for `inherit`. */
  sent = new Map<string, number>();
  #windows: Subscription | undefined;

  constructor(
    @inject(OPTIONS) private readonly options: z.output<typeof schema>,
    @inject(CLOCK) private readonly clock: SchedulerLike,
    @inject(LOGGER) private readonly logger: Logger,
  ) {}

  setup(): void {
    this.#windows = interval(this.options.per, this.clock).subscribe(() => {
      this.sent.clear();
    });
  }

  teardown(): void {
    this.#windows?.unsubscribe();
  }

  /** A reload gives nobody a new quota. */
  inherit(previous: Quota): void {
    this.sent = previous.sent;
  }

  fromUpstream(data: Observable<Buffer>, session: Session): Observable<Buffer> {
    const { address } = session.client;
    return data.pipe(each((chunk) => this.#charged(chunk, address)));
  }

  #charged(chunk: Buffer, client: string): Buffer {
    const sent = (this.sent.get(client) ?? 0) + chunk.length;
    if (sent > this.options.bytes) {
      this.logger.warn({ client }, "quota spent");
      throw errors.EXCEEDED({ client, bytes: this.options.bytes });
    }
    const [oldest] = this.sent.keys();
    if (oldest !== undefined && this.sent.size >= MAX_CLIENTS && !this.sent.has(client)) this.sent.delete(oldest);
    this.sent.set(client, sent);
    return chunk;
  }
}

/**
 * Ends the sessions of a client that was sent too much.
 *
 * @example plugins: [quota({ bytes: "10MiB", per: "1d" })]
 */
export const quota: PluginFactory<QuotaConfig> = definePlugin("quota", Quota, schema);
