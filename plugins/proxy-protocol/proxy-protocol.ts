import { definePlugin, duration, LOGGER, METRICS, networks, OPTIONS, SluiceError } from "sluice";
import type { Duration, FirstBytes, FirstBytesEnd, Logger, Metrics, Plugin, PluginFactory, Session, SocketAddress } from "sluice";
import { each } from "sluice/flow";
import { concatMap, throwError, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import { z } from "zod";
import { HeaderFault, NoHeader, type ParsedHeader, type ProxyHeader } from "./header.ts";
import { readHeader } from "./read-header.ts";
import { refuseHeader } from "./strangers.ts";

const schema = z.object({
  /** The proxies in front: each of their sessions must begin with a header; others must send none. */
  from: networks(),
  /** The longest wait for the whole header, counted from the start of the connection. */
  timeout: duration({ zero: false }).default(3_000),
  /** On a UDP listener: whether each datagram of a session begins with a header, or only the first. */
  datagrams: z.enum(["each", "first"]).default("each"),
});

/** The options of {@link proxyProtocol}. */
export interface ProxyProtocolConfig {
  /** The proxies in front: each of their sessions must begin with a header; others must send none. */
  readonly from: readonly string[];
  /** The longest wait for the whole header, counted from the start of the connection. @default "3s" */
  readonly timeout?: Duration | undefined;
  /** On a UDP listener: whether each datagram of a session begins with a header, or only the first. @default "each" */
  readonly datagrams?: "each" | "first" | undefined;
}

/** The key of the {@link ProxyHeader} in a session's notes. */
const NOTE = "proxyProtocol";

/** What the proxy in front said about a session; undefined for a session without a header. For plugins after `proxyProtocol()` in the list. */
export function proxyHeader({ notes }: Session): ProxyHeader | undefined {
  return notes.get(NOTE) as ProxyHeader | undefined;
}

/**
 * Learns the client's address from a proxy in front (PROXY protocol, versions 1 and 2). Whether there is a header is never guessed: sessions of the
 * proxies in `from` must begin with one, and other sessions must not.
 */
@injectable()
class ProxyProtocol implements Plugin {
  static readonly borrows = true;
  readonly beforeTls = true;

  constructor(
    @inject(OPTIONS) private readonly options: z.output<typeof schema>,
    @inject(LOGGER) private readonly logger: Logger,
    @inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** A proxy such as dnsdist sends the datagrams of many clients from one port: each client becomes a session. */
  flowOf(datagram: Buffer, peer: Pick<SocketAddress, "address" | "family">): string {
    if (this.options.datagrams === "first" || !this.options.from.has(peer)) return "";
    try {
      return String(readHeader(datagram)?.header.source ?? "");
    } catch {
      // `admit` refuses the header, with a report.
      return "";
    }
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    if (hasLeft(session)) return throwError(() => new SluiceError("SLUICE_CLIENT_RESET", "a client left before its PROXY header was read"));
    if (!this.#believes(session)) return arrival;
    return arrival.pipe(
      concatMap(async (admitted) => {
        const { timeout } = this.options;
        const header = await session.readFirst((bytes, end) => this.#found(bytes, end, session), { timeout });
        session.notes.set(NOTE, header);
        if (header.source !== undefined) session.setClient(header.source);
        return admitted;
      }),
    );
  }

  fromClient(data: Observable<Buffer>, session: Session): Observable<Buffer> {
    if (!this.#believes(session)) return data.pipe(refuseHeader(session));
    return this.#isInEach(session) ? data.pipe(each((datagram) => this.#strip(datagram, session))) : data;
  }

  #believes({ peer }: Session): boolean {
    return this.options.from.has(peer);
  }

  #isInEach({ datagrams }: Session): boolean {
    return datagrams && this.options.datagrams === "each";
  }

  #found(bytes: Buffer, end: FirstBytesEnd | undefined, session: Session): FirstBytes<ProxyHeader> | undefined {
    const found = parsed(bytes, session.peer);
    if (found !== undefined) return { taken: this.#isInEach(session) ? 0 : found.length, value: found.header };
    if (session.datagrams) return cutOff(session.peer);
    if (end === "time")
      throw new SluiceError(
        "SLUICE_CLIENT_TIMEOUT",
        `no complete PROXY header from ${String(session.peer)} within ${this.options.timeout} ms, which must send one`,
      );
    return end === "end" && bytes.length > 0 ? cutOff(session.peer) : undefined;
  }

  /** Drops a datagram that is not clearly of this session's client: a forged datagram must not end the session. */
  #strip(datagram: Buffer, session: Session): Buffer | null {
    try {
      const { header, length } = parsed(datagram, session.peer) ?? cutOff(session.peer);
      if (String(header.source) === String(proxyHeader(session)?.source)) return datagram.subarray(length);
      throw new SluiceError("SLUICE_CLIENT_PROTOCOL", `${String(session.peer)}: a datagram of ${String(header.source)} among another's`);
    } catch (error) {
      this.metrics.counter("sluice_proxy_protocol_datagrams_dropped_total").inc();
      this.logger.debug({ session: session.id, reason: (error as SluiceError).detail }, "datagram dropped: its PROXY header is wrong");
      return null;
    }
  }
}

/** Whether the socket was reset already, for example by a short health check: such a socket has no remote address any more. */
function hasLeft({ local, peer }: Session): boolean {
  return local.family !== "unix" && peer.family === "unix";
}

function parsed(bytes: Buffer, peer: { toString(): string }): ParsedHeader | undefined {
  try {
    return readHeader(bytes);
  } catch (error) {
    if (!(error instanceof HeaderFault)) throw error;
    if (error instanceof NoHeader)
      throw new SluiceError("SLUICE_CLIENT_PROTOCOL", `no PROXY header from ${String(peer)}, which must send one: ${error.message}`);
    throw new SluiceError("SLUICE_CLIENT_PROTOCOL", `the PROXY header of ${String(peer)} is refused: ${error.message}`);
  }
}

function cutOff(peer: { toString(): string }): never {
  throw new SluiceError("SLUICE_CLIENT_PROTOCOL", `the PROXY header of ${String(peer)} is cut off`);
}

/**
 * Learns the client's address from a proxy in front (PROXY protocol, versions 1 and 2).
 *
 * @example plugins: [proxyProtocol({ from: ["10.0.0.0/8"] })]
 */
export const proxyProtocol: PluginFactory<ProxyProtocolConfig> = definePlugin("proxyProtocol", ProxyProtocol, schema);
