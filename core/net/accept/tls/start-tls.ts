import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { SluiceError, type ServerTlsOptions } from "../../../contract/index.ts";
import { agreedBy, type AgreedTls } from "./agreed-tls.ts";
import { tlsReason } from "../../os-errors.ts";
import { wireOf, type WireStream } from "../../legs/wire-stream.ts";
import { giveTicketKeys } from "./ticket-keys.ts";
import { shareContext } from "../../node/tls/shared-context.ts";
import { watchTruncation } from "../../node/tls/truncation.ts";

export const DEFAULT_HANDSHAKE_MS = 10_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/** A client with which TLS was agreed on. */
interface SecuredClient {
  readonly socket: TLSSocket;
  readonly tls: AgreedTls;
}

/**
 * One server for each set of options. It never listens: it does the handshakes, the verification and the session tickets as in Node's own servers.
 */
const servers = new WeakMap<ServerTlsOptions, Server>();
/** Handshakes under way, by the socket below the TLS socket. */
const handshakes = new WeakMap<object, Handshake>();

/**
 * Terminates TLS on an accepted socket.
 *
 * @param socket or a stream over it, where somebody watches what passes
 * @param timeout milliseconds
 * @throws SLUICE_CLIENT_TLS if the client or its certificate is refused, SLUICE_CLIENT_TIMEOUT if the client takes too long,
 *   SLUICE_CLIENT_RESET if it leaves
 */
export function startTls(
  socket: Socket | WireStream,
  client: { toString(): string },
  options: ServerTlsOptions,
  timeout = options.handshakeTimeout ?? DEFAULT_HANDSHAKE_MS,
): Promise<SecuredClient> {
  return new Promise((resolve, reject) => {
    new Handshake(socket, client, options, { resolve, reject }).start(timeout);
  });
}

/** A handshake under way. */
class Handshake {
  #timer: NodeJS.Timeout | undefined;
  // `setImmediate`: when a client is refused, the socket closes before the reason is reported.
  readonly #closed = (): void => void setImmediate(() => this.left());

  constructor(
    private readonly socket: Socket | WireStream,
    private readonly client: { toString(): string },
    private readonly options: ServerTlsOptions,
    private readonly result: { resolve(secured: SecuredClient): void; reject(error: SluiceError): void },
  ) {}

  start(timeout: number): void {
    const { socket, options } = this;
    this.#timer = setTimeout(() => {
      this.failed(new SluiceError("SLUICE_CLIENT_TIMEOUT", `${String(this.client)}: no TLS handshake in time`));
    }, timeout);
    socket.once("close", this.#closed);
    socket.setNoDelay(true);
    handshakes.set(socket, this);
    const server = serverFor(options);
    giveTicketKeys(server, options);
    if ("carry" in socket && server.listenerCount("keylog", tellWire) === 0) server.on("keylog", tellWire);
    // A client that finishes in the middle of its handshake is gone; half-open matters only later. The TLS socket takes this setting from the socket
    // below.
    socket.allowHalfOpen = false;
    server.emit("connection", socket);
    socket.allowHalfOpen = true;
  }

  done(secured: TLSSocket): void {
    clearTimeout(this.#timer);
    secured.allowHalfOpen = true;
    secured.disableRenegotiation();
    if (this.options.allowTruncation !== true) watchTruncation(secured);
    // OpenSSL's handshake has not returned yet: session tickets would come after the first data, and an end at once would have no close_notify.
    setImmediate(() => {
      handshakes.delete(this.socket);
      this.socket.off("close", this.#closed);
      if (secured.destroyed) this.left();
      else this.result.resolve({ socket: secured, tls: agreedBy(secured) });
    });
  }

  failed(error: Error): void {
    clearTimeout(this.#timer);
    handshakes.delete(this.socket);
    const { client } = this;
    this.result.reject(
      SluiceError.is(error) ? error : new SluiceError("SLUICE_CLIENT_TLS", `${String(client)}: ${tlsReason(error)}`, { cause: error }),
    );
  }

  left(): void {
    this.failed(new SluiceError("SLUICE_CLIENT_RESET", `${String(this.client)}: closed during the TLS handshake`));
  }
}

function serverFor(options: ServerTlsOptions): Server {
  const known = servers.get(options);
  if (known !== undefined) return known;
  const { onKeyLog, allowTruncation: _, SNICallback, ...rest } = options;
  // Our own timer ends first: it names the client and closes the socket, and Node's does neither.
  const server = createServer({
    ...rest,
    ...(SNICallback === undefined ? {} : { SNICallback: knownFirst(SNICallback) }),
    handshakeTimeout: LONGEST_TIMER,
    pauseOnConnect: true,
  } as Parameters<typeof createServer>[0]);
  if (options.secureContext !== undefined) shareContext(server, options.secureContext);
  server.on("secureConnection", (secured) => {
    secured.on("error", broken);
    handshakeOf(secured)?.done(secured);
  });
  server.on("tlsClientError", (error, secured) => {
    secured.on("error", ignore);
    const refusal = refusalOf(secured);
    if (refusal === undefined && (error as NodeJS.ErrnoException).code === "ECONNRESET") handshakeOf(secured)?.left();
    else handshakeOf(secured)?.failed(refusal ?? error);
    // Node does not close the socket itself: a stalled handshake would stay open for ever.
    secured.destroy();
  });
  if (onKeyLog !== undefined)
    server.on("keylog", (line, secured) => {
      try {
        onKeyLog(line);
      } catch (error) {
        // Not at once, as OpenSSL is in the middle of the handshake.
        setImmediate(() => handshakeOf(secured)?.failed(error as Error));
      }
    });
  servers.set(options, server);
  return server;
}

/** The reason why a client's certificate was refused; Node itself reports only that the client hung up. */
function refusalOf({ authorizationError }: TLSSocket): Error | undefined {
  const reason: unknown = authorizationError;
  return typeof reason === "string" ? new Error(`its certificate is refused (${reason})`) : undefined;
}

/** The socket below a TLS socket is its `_parent`, which is undocumented and has not changed since Node 0.12. */
function handshakeOf(secured: TLSSocket): Handshake | undefined {
  const { _parent: below } = secured as unknown as { _parent?: Socket & { readonly stream?: object } };
  const key = below?.stream ?? below ?? wireOf(secured);
  return key === undefined ? undefined : handshakes.get(key);
}

/** Node calls it as a method of the TLS socket. What fails in it destroys that, and then nobody knows what it stood on. */
function knownFirst(choose: NonNullable<ServerTlsOptions["SNICallback"]>): typeof choose {
  return function choosing(this: TLSSocket, ...asked) {
    wireOf(this)?.carry(this);
    return choose.apply(this, asked);
  };
}

/** The secrets of a session that is watched. */
function tellWire(line: Buffer, secured: TLSSocket): void {
  const wire = wireOf(secured);
  wire?.carry(secured);
  wire?.secret(line);
}

/** What came together with the end of the handshake is no TLS. Node leaves the socket open, and tells it once. */
function broken(this: TLSSocket, error: Error): void {
  const handshake = handshakeOf(this);
  if (handshake === undefined) return;
  handshake.failed(error);
  this.destroy();
}

function ignore(): void {
  // The leg made of the socket has its own handler; before that, 'close' is enough.
}
