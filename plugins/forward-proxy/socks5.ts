import {
  DATAGRAMS,
  definePlugin,
  OPTIONS,
  PLACE,
  SluiceError,
  type Datagrams,
  type Place,
  type Plugin,
  type PluginFactory,
  type Session,
  type Upstream,
} from "sluice";
import { answer } from "sluice/flow";
import { concatMap, ignoreElements, of, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import { targetOf } from "./allowed-targets.ts";
import { schema, type ForwardProxyConfig, type ForwardProxyOptions } from "./config.ts";
import { forbidden, openTarget } from "./connected.ts";
import { refuseDatagrams } from "./refuse-datagrams.ts";
import { isSameAddress } from "./socks-address.ts";
import { associationOf } from "./socks-datagrams.ts";
import { readGreeting, readRequest, readUser, replies, replyWith, SocksFault, type SocksRequest } from "./socks-messages.ts";

/** Methods of authentication: none, name and password, and the answer for "no acceptable method". */
const [NOBODY, PASSWORD, NONE_OF_THEM] = [0, 2, 0xff];
const [CONNECT, UDP_ASSOCIATE] = [1, 3];

/** Connects clients to the targets that they name by SOCKS5 (RFC 1928, RFC 1929). */
@injectable()
class Socks5 implements Plugin {
  static readonly borrows = true;
  readonly needs = ["plaintext"] as const;
  readonly #associations = new WeakSet<Session>();

  constructor(
    @inject(OPTIONS) private readonly options: ForwardProxyOptions,
    @inject(PLACE) private readonly place: Place,
    @inject(DATAGRAMS) private readonly datagrams: Datagrams,
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
          await this.#serve(session);
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

  /** The connection of a UDP association carries no more data: it only keeps the association open (RFC 1928 section 7). */
  connect(attempt: Observable<Upstream>, session: Session): Observable<Upstream> {
    if (!this.#associations.has(session)) return attempt;
    return of(answer(this.place.plugin, (data) => data.pipe(ignoreElements()), session));
  }

  async #serve(session: Session): Promise<void> {
    const { timeout } = this.options;
    const request = await session.readFirst(readRequest, { timeout });
    const { command } = request;
    const isUnix = session.local.family === "unix";
    if (command !== CONNECT && (command !== UDP_ASSOCIATE || isUnix))
      throw new SocksFault(`its command is ${command}, which is not served here`, replyWith(replies.commandUnknown));
    try {
      if (command === CONNECT) await this.#connect(session, request);
      else await this.#associate(session, request);
    } catch (error) {
      if (!(error instanceof SocksFault)) session.reply(replyWith(replyTo(SluiceError.is(error) ? error.code : "")));
      throw error;
    }
  }

  async #connect(session: Session, { host, port }: SocksRequest): Promise<void> {
    const target = targetOf(host, port);
    if (target === undefined) throw new SocksFault("it names no host and port", replyWith(replies.hostUnreachable));
    await openTarget(session, target, this.options.allow);
    session.reply(replyWith(replies.done));
  }

  async #associate(session: Session, { host, port }: SocksRequest): Promise<void> {
    const { client } = session;
    // The address in the request is often all zeros, or wrong because of NAT. Then the client's first datagram tells its port.
    const isKnown = port !== 0 && isSameAddress(host, client.address);
    const relay = await this.datagrams.relay(session, { ...associationOf(this.options.allow), ...(isKnown ? { clientPort: port } : {}) });
    this.#associations.add(session);
    session.reply(replyWith(replies.done, relay.local));
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
 * Connects clients to the targets that they name by SOCKS5, if `allow` has them.
 *
 * @example plugins: [socks5({ allow: ["10.0.0.0/8:22"], users: { ann: "a long password" } })]
 */
export const socks5: PluginFactory<ForwardProxyConfig> = definePlugin("socks5", Socks5, schema);
