import { definePlugin, OPTIONS, PLACE, SluiceError, type Place, type Plugin, type PluginFactory, type Session } from "sluice";
import { concatMap, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import { schema, type ForwardProxyConfig, type ForwardProxyOptions } from "./config.ts";
import { readConnect, refuse, Refusal } from "./connect-request.ts";
import { forbidden, openTarget } from "./connected.ts";
import { refuseDatagrams } from "./refuse-datagrams.ts";

const MAX_HEAD = 16_384;

/** Connects clients to the targets that they name with HTTP's CONNECT method (RFC 9110 section 9.3.6). */
@injectable()
class HttpConnect implements Plugin {
  static readonly borrows = true;
  readonly needs = ["plaintext"] as const;

  constructor(
    @inject(OPTIONS) private readonly options: ForwardProxyOptions,
    @inject(PLACE) private readonly place: Place,
  ) {}

  /** @throws SLUICE_CONFIG_INVALID */
  setup(): void {
    refuseDatagrams("httpConnect", this.place);
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    return arrival.pipe(
      concatMap(async () => {
        try {
          await this.#connect(session);
        } catch (error) {
          session.reply(answerTo(error));
          throw error instanceof Refusal ? new SluiceError(error.code, `${String(session.client)}: ${error.message}`) : error;
        }
        return session;
      }),
    );
  }

  async #connect(session: Session): Promise<void> {
    const { allow, users, timeout } = this.options;
    const { target, user } = await session.readFirst(readConnect, { max: MAX_HEAD, timeout });
    if (users !== undefined && !users.has(user?.name ?? "", user?.password ?? ""))
      refuse(407, user === undefined ? "it sent no name and password" : "its name or password is wrong");
    await openTarget(session, target, allow);
    session.reply(Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n"));
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  405: "Method Not Allowed",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

const fields: Readonly<Record<number, string>> = {
  405: "Allow: CONNECT\r\n",
  407: 'Proxy-Authenticate: Basic realm="proxy", charset="UTF-8"\r\n',
};

/** For a client of HTTP/2: empty SETTINGS, then GOAWAY with HTTP_1_1_REQUIRED; no stream was processed (RFC 9113 sections 6.5, 6.8 and 7). */
const http1Required = Buffer.from("000000040000000000000008070000000000000000000000000d", "hex");

function answerTo(error: unknown): Buffer {
  const status = error instanceof Refusal ? error.status : statusOf(SluiceError.is(error) ? error.code : "");
  if (status === 505) return http1Required;
  const reason = reasons[status] ?? "";
  const body = `${reason}\n`;
  return Buffer.from(
    `HTTP/1.1 ${status} ${reason}\r\n${fields[status] ?? ""}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function statusOf(code: string): number {
  if (forbidden.has(code)) return 403;
  return statuses[code] ?? 502;
}

const statuses: Readonly<Record<string, number>> = {
  SLUICE_CLIENT_TIMEOUT: 408,
  SLUICE_CLIENT_PROTOCOL: 400,
  SLUICE_UPSTREAM_TIMEOUT: 504,
  SLUICE_UPSTREAM_DNS_TEMPORARY: 504,
  SLUICE_UPSTREAM_BUSY: 503,
};

/**
 * Connects clients to the targets that they name with HTTP's CONNECT, if `allow` has them.
 *
 * @example plugins: [httpConnect({ allow: ["*.example.com:443"], users: { ann: "a long password" } })]
 */
export const httpConnect: PluginFactory<ForwardProxyConfig> = definePlugin("httpConnect", HttpConnect, schema);
