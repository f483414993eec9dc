import { definePlugin, duration, OPTIONS, PLACE, SluiceError } from "sluice";
import type { Duration, Place, Plugin, PluginFactory, Session, StartTlsProtocol } from "sluice";
import { concatMap, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import type { Conversation } from "./conversation.ts";
import { imap } from "./imap.ts";
import { postgres } from "./postgres.ts";
import { smtp } from "./smtp.ts";

const conversations = { postgres, smtp, imap } as const satisfies Record<string, Conversation>;

const schema = z.object({
  /** The protocol in which client and server agree to begin TLS. */
  protocol: z.enum(["postgres", "smtp", "imap"]),
  /** The longest wait for each step until TLS begins: a command of the client, or an answer of the upstream. */
  timeout: duration({ zero: false }).default(30_000),
});

/** The options of {@link startTls}. */
export interface StartTlsConfig {
  /** The protocol in which client and server agree to begin TLS. */
  readonly protocol: StartTlsProtocol;
  /** The longest wait for each step until TLS begins: a command of the client, or an answer of the upstream. @default "30s" */
  readonly timeout?: Duration | undefined;
}

/** Agrees with the client to begin TLS, in the client's protocol; `tlsTermination` after it in the list then does the TLS. */
@injectable()
class StartTls implements Plugin {
  static readonly borrows = true;
  readonly needs = ["termination"] as const;

  constructor(
    @inject(OPTIONS) private readonly options: z.output<typeof schema>,
    @inject(PLACE) private readonly place: Place,
  ) {}

  /** @throws SLUICE_CONFIG_INVALID */
  setup(): void {
    const { listener, transport, datagrams, helloFirst } = this.place;
    if (datagrams || helloFirst)
      throw new SluiceError(
        "SLUICE_CONFIG_INVALID",
        `listener "${listener}": startTls needs a tcp:// or unix:// listener, not ${transport}://`,
      );
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    const { protocol, timeout } = this.options;
    return arrival.pipe(
      concatMap(async () => {
        const outcome = await conversations[protocol](session, timeout);
        if (outcome === "refused")
          throw new SluiceError("SLUICE_CLIENT_TLS", `${String(session.client)}: it did not begin TLS (${protocol})`);
        if (outcome === "left") session.close();
        return session;
      }),
    );
  }
}

/**
 * Agrees with the client to begin TLS, in the client's protocol; `tlsTermination` after it in the list then does the TLS.
 *
 * @example plugins: [startTls({ protocol: "postgres" }), tlsTermination({ selfSigned: ["localhost"] })]
 */
export const startTls: PluginFactory<StartTlsConfig> = definePlugin("startTls", StartTls, schema);
