import { LRUCache } from "lru-cache";
import { statSync } from "node:fs";
import { isIP, type Socket } from "node:net";
import { connect, type ConnectionOptions, type SecureContext, type TLSSocket } from "node:tls";
import { reasonOf, type StartTlsProtocol, type UpstreamTlsConfig } from "../../contract/index.ts";
import { WireStream } from "../legs/wire-stream.ts";
import { watchTruncation } from "../node/tls/truncation.ts";
import { UpstreamTlsMaterial, type UpstreamTlsPlace } from "./upstream-tls-material.ts";

export type { UpstreamTlsPlace } from "./upstream-tls-material.ts";

/** Milliseconds after a look at the files during which they are not looked at again. */
const FRESH = 250;
/** Servers whose last TLS session is kept, to be resumed. */
const SESSIONS = 100;

/** The server at the other end of a connection. */
interface TlsPeer {
  /** A name or an IP address. An IP address is compared with the certificate's IP names and not sent as SNI. */
  readonly host: string;
  /** Where it was connected to: only this server can resume its TLS sessions, not the others of the same name. */
  readonly place: string;
}

/** TLS towards one upstream: certificates are read when they change, and shared by its connections. */
export interface UpstreamTls {
  /** The protocol in which TLS is agreed on before it begins; undefined: it begins at once. */
  readonly startTls: StartTlsProtocol | undefined;
  /** Counts how often the files have changed: connections from before were made with other certificates. */
  readonly version: number;
  /**
   * Starts TLS on a connected socket. The result emits `secureConnect` when the certificate has been verified against the configured name (or the
   * peer's host, if none is configured), and `error` otherwise.
   *
   * @param socket or a stream over it, where somebody watches what passes
   * @param protocols offered through ALPN unless the config names others
   */
  wrap(socket: Socket | WireStream, peer: TlsPeer, protocols?: readonly string[]): TLSSocket;
}

/**
 * Reads what an upstream's `tls` option names.
 *
 * @throws SLUICE_CERTIFICATE_INVALID naming the option, the file and the reason
 */
export function createUpstreamTls(config: UpstreamTlsConfig, place: UpstreamTlsPlace = {}): UpstreamTls {
  return new LiveUpstreamTls(config, place);
}

class LiveUpstreamTls implements UpstreamTls {
  #context: SecureContext;
  #stamp: string;
  #checked = performance.now();
  #version = 0;
  readonly #material: UpstreamTlsMaterial;
  #sessions = new LRUCache<string, Buffer>({ max: SESSIONS });

  constructor(
    private readonly config: UpstreamTlsConfig,
    private readonly place: UpstreamTlsPlace,
  ) {
    this.#material = new UpstreamTlsMaterial(config, place);
    this.#stamp = stampOf(this.#material.files);
    this.#context = this.#material.context();
  }

  get startTls(): StartTlsProtocol | undefined {
    return this.config.startTls;
  }

  get version(): number {
    this.#refresh();
    return this.#version;
  }

  wrap(socket: Socket | WireStream, { host, place }: TlsPeer, offered: readonly string[] = []): TLSSocket {
    const { config } = this;
    this.#refresh();
    const protocols = config.alpn ?? offered;
    const name = (config.serverName ?? host).replace(/\.$/, "");
    const id = `${place} ${name} ${protocols.join()}`;
    const session = this.#sessions.get(id);
    const options: ConnectionOptions = {
      socket,
      secureContext: this.#context,
      rejectUnauthorized: config.verify ?? true,
      ...namesOf(name),
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      ...(session === undefined ? {} : { session }),
    };
    const secured = connect(options);
    if (socket instanceof WireStream) carryUpstream(secured, socket);
    if (config.allowTruncation !== true) watchTruncation(secured);
    const sessions = this.#sessions;
    if (config.resume !== false)
      secured.on("session", (given) => {
        sessions.set(id, given);
      });
    return secured;
  }

  /** Looks for changed files. Called when a connection is made or used again, and not by a timer, so nothing has to be stopped when the upstream is gone. */
  #refresh(): void {
    const now = performance.now();
    if (now - this.#checked < FRESH) return;
    this.#checked = now;
    const stamp = stampOf(this.#material.files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#context = this.#material.context();
      this.#version += 1;
      // Sessions that were agreed on with other certificates must not be resumed, nor those of connections that are open and may still get one.
      this.#sessions = new LRUCache<string, Buffer>({ max: SESSIONS });
    } catch (error) {
      this.place.warn?.(`changed files are refused, and the old ones stay: ${reasonOf(error)}`);
    }
  }
}

function carryUpstream(secured: TLSSocket, wire: WireStream): void {
  wire.carry(secured);
  secured.on("keylog", (line: Buffer) => {
    wire.secret(line);
  });
}

/** RFC 6066 section 3: SNI carries no IP address. Without `servername` Node checks the certificate against `host`. */
function namesOf(name: string): Pick<ConnectionOptions, "host" | "servername"> {
  return isIP(name) === 0 && name !== "" ? { host: name, servername: name } : { host: name };
}

/** What tells that files have changed. One that cannot be looked at, for any reason, is missing: to read it says why. */
function stampOf(files: readonly string[]): string {
  return files.map(stampOfFile).join("\n");
}

function stampOfFile(file: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return "missing";
  }
}
