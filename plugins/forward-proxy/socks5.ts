import { definePlugin, OPTIONS, PLACE, SluiceError, type Place, type Plugin, type PluginFactory, type Session } from "sluice";
import { concatMap, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import { targetOf } from "./allowed-targets.ts";
import { schema, type ForwardProxyConfig, type ForwardProxyOptions } from "./config.ts";
import { forbidden, openTarget } from "./connected.ts";
import { refuseDatagrams } from "./refuse-datagrams.ts";
import { readGreeting, readRequest, readUser, replies, replyWith, SocksFault } from "./socks-messages.ts";

/** Ways in which a client says who it is: not at all, and by name and password. */
const [NOBODY, PASSWORD, NONE_OF_THEM] = [0, 2, 0xff];
const CONNECT = 1;

/** Connects clients to the targets that they name by SOCKS5 (RFC 1928, RFC 1929). */
@injectable()
class Socks5 implements Plugin {
  static readonly borrows = true;

  constructor(
    @inject(OPTIONS) private readonly options: ForwardProxyOptions,
    @inject(PLACE) private readonly place: Place,
  ) {}

  /** @throws SLUICE_CONFIG_INVALID */
  setup(): void {
    refuseDatagrams("socks5", this.place);
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    return arrival.pipe(
      concatMap(async () => {
        try {
          await this.#introduce(session);
          await this.#connect(session);
        } catch (error) {
          if (!(error instanceof SocksFault)) throw error;
          session.reply(error.answer);
          throw new SluiceError("SLUICE_CLIENT_PROTOCOL", `${String(session.client)}: ${error.message}`);
        }
        return session;
      }),
    );
  }

  async #introduce(session: Session): Promise<void> {
    const { users, timeout } = this.options;
    const wanted = users === undefined ? NOBODY : PASSWORD;
    const offered = await session.readFirst(readGreeting, { timeout });
    if (!offered.includes(wanted)) {
      session.reply(Buffer.from([5, NONE_OF_THEM]));
      const what = users === undefined ? "to go without a password" : "a name and a password";
      throw new SluiceError("SLUICE_CLIENT_REJECTED", `${String(session.client)} does not offer ${what}`);
    }
    session.reply(Buffer.from([5, wanted]));
    if (users === undefined) return;
    const { name, password } = await session.readFirst(readUser, { timeout });
    const isKnown = users.has(name, password);
    session.reply(Buffer.from([1, isKnown ? 0 : 1]));
    if (!isKnown) throw new SluiceError("SLUICE_CLIENT_REJECTED", `${String(session.client)}: its name or password is wrong`);
  }

  async #connect(session: Session): Promise<void> {
    const { allow, timeout } = this.options;
    const { command, host, port } = await session.readFirst(readRequest, { timeout });
    if (command !== CONNECT) throw new SocksFault(`its command is ${command}, not CONNECT`, replyWith(replies.commandUnknown));
    const target = targetOf(host, port);
    if (target === undefined) throw new SocksFault("it names no host and port", replyWith(replies.hostUnreachable));
    try {
      await openTarget(session, target, allow);
    } catch (error) {
      session.reply(replyWith(replyTo(SluiceError.is(error) ? error.code : "")));
      throw error;
    }
    session.reply(replyWith(replies.done));
  }
}

function replyTo(code: string): number {
  if (forbidden.has(code)) return replies.notAllowed;
  return codes[code] ?? replies.failed;
}

const codes: Readonly<Record<string, number>> = {
  SLUICE_UPSTREAM_REFUSED: replies.refused,
  SLUICE_UPSTREAM_UNREACHABLE: replies.networkUnreachable,
  SLUICE_UPSTREAM_DNS_NOT_FOUND: replies.hostUnreachable,
  SLUICE_UPSTREAM_DNS_TEMPORARY: replies.hostUnreachable,
  SLUICE_UPSTREAM_TIMEOUT: replies.expired,
};

/**
 * Connects clients to the targets that they name by SOCKS5; to those in `allow` alone.
 *
 * @example plugins: [socks5({ allow: ["10.0.0.0/8:22"], users: { ann: "a long password" } })]
 */
export const socks5: PluginFactory<ForwardProxyConfig> = definePlugin("socks5", Socks5, schema);
