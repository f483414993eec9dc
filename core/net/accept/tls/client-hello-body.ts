/** What a client says about itself before anything is encrypted. */
export interface ClientHello {
  /** SNI (RFC 6066 section 3), in lower case and without a final dot; undefined when the client sent none. */
  readonly serverName: string | undefined;
  /** The protocols offered through ALPN (RFC 7301), in the client's order. */
  readonly alpn: readonly string[];
  /**
   * The TLS versions that the client offers, the newest first, as `TLSv1.3`; unknown ones are left out. A client that sends no list of them (RFC
   * 8446 section 4.2.1) names only the newest, up to `TLSv1.2`.
   */
  readonly versions: readonly string[];
}

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const HOST_NAME = 0;
const RANDOM = 32;
/** By their numbers in TLS, with OpenSSL's names. */
const VERSIONS: readonly (readonly [number, string])[] = [
  [0x0304, "TLSv1.3"],
  [0x0303, "TLSv1.2"],
  [0x0302, "TLSv1.1"],
  [0x0301, "TLSv1"],
  [0x0300, "SSLv3"],
];

/** Reads the body of a ClientHello message (RFC 8446 section 4.1.2). Undefined when it is malformed; never throws. */
export function readClientHello(body: Buffer): ClientHello | undefined {
  const reader = new Reader(body);
  const legacyVersion = reader.number(2);
  reader.skip(RANDOM);
  reader.skip(reader.number(1)); // legacy_session_id
  reader.skip(reader.number(2)); // cipher_suites
  reader.skip(reader.number(1)); // legacy_compression_methods
  // TLS 1.2 allows a hello without extensions.
  const extensions = reader.left === 0 ? new Map<number, Reader>() : readExtensions(reader);
  if (reader.broken || extensions === undefined) return undefined;
  const serverName = readServerName(extensions.get(SERVER_NAME));
  const alpn = readAlpn(extensions.get(ALPN));
  const versions = readVersions(extensions.get(SUPPORTED_VERSIONS), legacyVersion);
  return serverName === null || alpn === undefined || versions === undefined ? undefined : { serverName, alpn, versions };
}

function readExtensions(reader: Reader): Map<number, Reader> | undefined {
  const list = reader.vector(2);
  const extensions = new Map<number, Reader>();
  while (list.left > 0) {
    const type = list.number(2);
    const data = list.vector(2);
    // RFC 8446 section 4.2: no type twice. Of two names, the proxy could take one and the upstream the other.
    if (list.broken || extensions.has(type)) return undefined;
    extensions.set(type, data);
  }
  return reader.left === 0 ? extensions : undefined;
}

/** Undefined: the client sent none; null: malformed. */
function readServerName(extension: Reader | undefined): string | undefined | null {
  if (extension === undefined) return undefined;
  const list = extension.vector(2);
  let serverName: string | undefined;
  while (list.left > 0) {
    const type = list.number(1);
    // RFC 6066 allows no final dot; some clients send one, and mean the same host.
    const name = list.vector(2).text().replace(/\.$/, "");
    if (list.broken) return null;
    if (type !== HOST_NAME) continue;
    if (serverName !== undefined || !/^[\x21-\x7e]+$/.test(name)) return null;
    serverName = name.toLowerCase();
  }
  return extension.broken ? null : serverName;
}

function readAlpn(extension: Reader | undefined): readonly string[] | undefined {
  if (extension === undefined) return [];
  const list = extension.vector(2);
  const protocols: string[] = [];
  while (list.left > 0) {
    const protocol = list.vector(1).text();
    if (list.broken || protocol === "") return undefined;
    protocols.push(protocol);
  }
  return extension.broken ? undefined : protocols;
}

function readVersions(extension: Reader | undefined, legacyVersion: number): readonly string[] | undefined {
  const offered = new Set<number>();
  if (extension === undefined) offered.add(Math.min(legacyVersion, 0x0303));
  else {
    const list = extension.vector(1);
    while (list.left > 0) offered.add(list.number(2));
    if (extension.broken || list.broken) return undefined;
  }
  return VERSIONS.filter(([number]) => offered.has(number)).map(([, name]) => name);
}

/**
 * Reads numbers and length-prefixed vectors in a part of a buffer, of which it makes no other buffers: a hello has about twenty parts. A read past the
 * end makes it `broken`: then it returns zeros and empty vectors, and nothing is left.
 */
class Reader {
  broken = false;
  #offset: number;

  constructor(
    private readonly bytes: Buffer,
    start = 0,
    private readonly end = bytes.length,
  ) {
    this.#offset = start;
  }

  get left(): number {
    return this.broken ? 0 : this.end - this.#offset;
  }

  skip(count: number): void {
    if (this.left < count) this.broken = true;
    else this.#offset += count;
  }

  number(size: number): number {
    const start = this.#offset;
    this.skip(size);
    return this.broken ? 0 : this.bytes.readUIntBE(start, size);
  }

  /** A vector whose length is written in `size` bytes. */
  vector(size: number): Reader {
    const length = this.number(size);
    const start = this.#offset;
    this.skip(length);
    return new Reader(this.bytes, start, this.broken ? start : this.#offset);
  }

  /** What is left. */
  text(): string {
    return this.bytes.toString("latin1", this.#offset, this.end);
  }
}
