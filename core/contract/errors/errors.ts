/** Who caused an error: it decides the log level and what the user can do about it. */
export type ErrorSource = "client" | "upstream" | "plugin" | "config" | "internal";

interface CatalogueEntry {
  readonly source: ErrorSource;
  readonly retryable: boolean;
  /** What to do about it; becomes the end of the message. */
  readonly help: string;
}

const entry = (source: ErrorSource, help: string, retryable = false): CatalogueEntry => ({ source, retryable, help });

/**
 * Every error that a user can meet. `docs/errors.md` lists the same codes, and a test compares both ways.
 * Adding a code means adding its row there.
 */
export const catalogue = {
  SLUICE_CONFIG_NOT_FOUND: entry("config", "create a config with `sluice init`, or name an existing one with -c FILE"),
  SLUICE_CONFIG_SYNTAX: entry("config", "fix the syntax at the place shown and save again"),
  SLUICE_CONFIG_IMPORT: entry("config", "check the path and the name, or install the package"),
  SLUICE_PACKAGE_MISSING: entry("config", "install the named packages, in the named versions, in the project in which sluice is installed"),
  SLUICE_COMPILER_UNAVAILABLE: entry(
    "config",
    "set SWC_NATIVE_BINDING_CACHE to a folder that only this user can use, or install sluice again with its optional dependencies",
  ),
  SLUICE_CONFIG_THREW: entry("config", "fix the code at the place shown and save again"),
  SLUICE_CONFIG_INVALID: entry("config", "fix the option at the path shown"),
  SLUICE_CONFIG_UNSAFE: entry(
    "config",
    "the config is code: make it and its folder writable only by you (chmod go-w); if the file system has no permissions, give --allow-unsafe-config or set SLUICE_ALLOW_UNSAFE_CONFIG=1",
  ),
  SLUICE_ADDRESS_IN_USE: entry("config", "stop the other process, or choose another port (0 picks a free one)"),
  SLUICE_ADDRESS_FORBIDDEN: entry("config", "choose a port above 1023, or give the process the right to bind it"),
  SLUICE_ADDRESS_UNAVAILABLE: entry("config", "choose an address that this machine has"),
  SLUICE_ADDRESS_DUPLICATE: entry("config", "give each listener its own address"),
  SLUICE_PLUGIN_CONSTRUCT: entry("config", "fix the plugin's constructor, or what it injects"),
  SLUICE_PLUGIN_SETUP: entry("config", "fix the plugin's setup(), or its options"),
  SLUICE_CERTIFICATE_INVALID: entry("config", "renew or replace the named file"),
  SLUICE_ALREADY_RUNNING: entry("config", "stop the running proxy first, or use another config file"),
  SLUICE_NOT_RUNNING: entry("config", "start the proxy with `sluice start`, with the same -c FILE"),
  SLUICE_NOT_ANSWERING: entry(
    "config",
    "find out what the proxy is busy with: `node inspect -p PID`, then `pause` and `bt`; SIGTERM ends it; if it hangs, SIGKILL does",
  ),
  SLUICE_TOO_FEW_FILES: entry("config", "raise the limit of open files: ulimit -n 1024, or LimitNOFILE= of systemd"),
  SLUICE_WORKERS_CHANGED: entry("config", "restart the proxy: the worker processes are created only at the start"),
  SLUICE_WORKER_LOST: entry("internal", "the log shows the reason; a worker that has died is replaced"),
  SLUICE_USAGE: entry("config", "see `sluice --help`"),
  SLUICE_FILE_EXISTS: entry("config", "move the file away, or run the command in another folder"),
  SLUICE_UPSTREAM_REFUSED: entry("upstream", "start the upstream, or fix its address", true),
  SLUICE_UPSTREAM_TIMEOUT: entry("upstream", "check that the upstream is reachable, or raise timeouts.connect", true),
  SLUICE_UPSTREAM_UNREACHABLE: entry("upstream", "check the network between the proxy and the upstream", true),
  SLUICE_UPSTREAM_RESET: entry("upstream", "look at the upstream's log", true),
  SLUICE_UPSTREAM_TRUNCATED: entry("upstream", "make the upstream end TLS with a close_notify, or set upstream.tls.allowTruncation", true),
  SLUICE_UPSTREAM_DNS_TEMPORARY: entry("upstream", "check the name servers", true),
  SLUICE_UPSTREAM_DNS_NOT_FOUND: entry("upstream", "fix the upstream's name, or set its address in dns.hosts"),
  SLUICE_UPSTREAM_TLS: entry("upstream", "fix the upstream's certificate, or give its CA in upstream.tls.ca"),
  SLUICE_UPSTREAM_PROTOCOL: entry("upstream", "the upstream must answer in well-formed HTTP/1.1"),
  SLUICE_UPSTREAM_BUSY: entry(
    "upstream",
    "raise maxSessions or queue of the upstream, or limits.connections or limits.waiting of http(), or add endpoints",
    true,
  ),
  SLUICE_UPSTREAM_DOWN: entry(
    "upstream",
    "the log record `endpoint down` gives the reason; if the check is wrong, fix upstream.health",
    true,
  ),
  SLUICE_UPSTREAM_LOOP: entry("upstream", "an upstream cannot be the listener itself: fix one of the two addresses"),
  SLUICE_BALANCE_FAILED: entry("config", "fix the upstream's function `balance` or `hash`"),
  SLUICE_UPSTREAM_ADMIN: entry(
    "upstream",
    "fix the upstream: clients that reach the admin server through a listener could control the proxy",
  ),
  SLUICE_UPSTREAM_MISSING: entry("config", "give the listener an `upstream`, or a plugin that answers clients itself"),
  SLUICE_CLIENT_RESET: entry("client", "nothing to do: the client has left"),
  SLUICE_CLIENT_TRUNCATED: entry("client", "make the client end TLS with a close_notify, or set allowTruncation of tlsTermination()"),
  SLUICE_CLIENT_TLS: entry("client", "the client must use TLS 1.2 or later and trust the certificate"),
  SLUICE_CLIENT_TIMEOUT: entry(
    "client",
    "the client must finish its TLS handshake in time, and send in time what a front plugin waits for",
  ),
  SLUICE_CLIENT_PROTOCOL: entry("client", "the client's first bytes must be those that the listener's front plugin expects"),
  SLUICE_CLIENT_REJECTED: entry("client", "a plugin's admit hook refused the session"),
  SLUICE_HTTP_REQUEST: entry("client", "the client must send well-formed HTTP within the limits of http()"),
  SLUICE_HTTP_NO_ROUTE: entry("client", "give http() a route for it, or fix the URL"),
  SLUICE_RATE_LIMITED: entry("client", "slow down, or raise the rate"),
  SLUICE_PLUGIN_FAILED: entry("plugin", 'fix the plugin, or set its onError to "bypass"'),
  SLUICE_PLUGIN_CHUNK: entry(
    "plugin",
    "a hook returns the Observable that it made of its data; the function of an each() or carry() returns the Buffer to pass on, null to drop it, or a promise of either",
  ),
  SLUICE_PLUGIN_CARRY: entry("plugin", "let `end` return the Buffer that is still held, or null, at once: `step` may return a promise"),
  SLUICE_PLUGIN_FRAME: entry(
    "plugin",
    "look at the bytes that the peer sends, raise the codec's max, or set the plugin's onError to \"bypass\"",
  ),
  SLUICE_PLUGIN_ARGUMENT: entry("plugin", "give the function arguments as its documentation says"),
  SLUICE_RECORDING_INVALID: entry("config", "fix the recording at that place: docs/plugins/replay.md describes the format"),
  SLUICE_REPLAY_UNMATCHED: entry("client", "record the session again, or fix the entry of the recording"),
  SLUICE_SWAP_TIMEOUT: entry("plugin", "let the plugin's operators complete when their input does, or raise limits.swapTimeout"),
  SLUICE_LIMIT_SESSIONS: entry("client", "raise limits.sessions, and the file descriptor limit with it"),
  SLUICE_LIMIT_SESSIONS_PER_CLIENT: entry("client", "raise limits.sessionsPerClient"),
  SLUICE_LIMIT_UDP_SESSIONS: entry("client", "raise limits.udpSessions"),
  SLUICE_FAULT: entry("config", "nothing to do: the config contains this fault; if you do not want it, disable or remove it"),
  SLUICE_IDLE_TIMEOUT: entry("client", "raise timeouts.idle or timeouts.udpIdle"),
  SLUICE_DRAIN_DEADLINE: entry("internal", "raise timeouts.drain or the listener's reload.deadline"),
  SLUICE_ADMIN_FORBIDDEN: entry("client", "see docs/security.md, or name the host in admin.hosts"),
  SLUICE_ADMIN_TOKEN: entry(
    "client",
    "send `Authorization: Bearer` with the token of the line `admin http://…/#token=…` that `sluice start` prints",
  ),
  SLUICE_ADMIN_REQUEST: entry("client", "see /api/v1/openapi.json, or docs/admin-api.md"),
  SLUICE_ADMIN_UNKNOWN: entry("client", "see what exists with `sluice status` or GET /api/v1/status"),
  SLUICE_ADMIN_CONFLICT: entry("client", "nothing was changed: resolve the conflict that the message names, and try again"),
  SLUICE_ADMIN_STALE: entry("client", "read the generation again, and send its ETag as If-Match", true),
  SLUICE_FILE_UNWRITABLE: entry("config", "make room on the disk, or name a file in a folder that the proxy's user may write to"),
  SLUICE_CLOSED: entry("internal", "the proxy or its listener was closed"),
  SLUICE_TEST_INVALID: entry("config", "fix the call: docs/testing-a-plugin.md describes each function with its options"),
  SLUICE_TEST_LISTENER: entry("config", "name a listener of the config that the proxy was started with"),
  SLUICE_TEST_BYTES: entry("config", "give a string, a Buffer or a Uint8Array"),
  SLUICE_TEST_TIMEOUT: entry("config", "look at what came instead, or give the wait a longer `timeout`"),
  SLUICE_TEST_ENDED: entry("config", "look at the bytes that came, and at the proxy's `records` and `log`"),
  SLUICE_TEST_RUNNER: entry("config", "run it with mocha, vitest or node:test, and give { describe, it } if they are not global"),
  SLUICE_TEST_MARBLE: entry("config", "see docs/testing-a-plugin.md for what a marble diagram may contain"),
  SLUICE_TEST_FAILED: entry("plugin", "fix the plugin, or what the test expects of it"),
  SLUICE_TEST_LEFT_OPEN: entry("config", "close everything that the test opened, or close without `strict`"),
  SLUICE_INTERNAL: entry("internal", "this is a bug in Sluice: please report it"),
} as const satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof catalogue;

/** A code of the catalogue, or one of a plugin's own (`defineErrors`), which never begins with `SLUICE_`. */
export type AnyErrorCode = ErrorCode | (string & Record<never, never>);

/** A code with its source, help and status. */
export interface ErrorKind extends CatalogueEntry {
  /** The code by which programs know the error. */
  readonly code: AnyErrorCode;
  /** The status that answers an HTTP request that ends with it. @default decided by `source` */
  readonly status?: number | undefined;
}

const ownKinds = new WeakSet<ErrorKind>();

/** Makes a kind of error outside the catalogue. @throws TypeError for a code that begins with SLUICE_ */
export function ownKind(kind: ErrorKind): ErrorKind {
  if (kind.code.startsWith("SLUICE_")) throw new TypeError(`${kind.code}: codes that begin with SLUICE_ are Sluice's own`);
  const made = Object.freeze({ ...kind });
  ownKinds.add(made);
  return made;
}

function kindOf(code: ErrorCode | ErrorKind): ErrorKind {
  if (typeof code === "string") return { code, ...catalogue[code] };
  if (!ownKinds.has(code)) throw new TypeError("a SluiceError takes a code of the catalogue; make others with defineErrors()");
  return code;
}

const brand: unique symbol = Symbol.for("sluice.error") as never;

/** The most characters of what a SluiceError says: a longer message would find no room on the way to the log or the terminal, and be dropped. */
const LONGEST = 16 * 1024;

function bounded(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;
}

/** What else a SluiceError can say. */
export interface ErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** The place of the error: `file:line:column`, or `file: option.path`. It is put before the message. */
  readonly where?: string;
  /** The excerpt of the source to show under the message. */
  readonly frame?: string;
}

/**
 * The one error class that users meet. Decide on `code` and `retryable`, never on the text.
 * `Symbol.for` marks it, so that `SluiceError.is` works across copies of the package.
 */
export class SluiceError extends Error {
  /** What programs decide on. */
  readonly code: AnyErrorCode;
  /** Where the fault is: the client, the upstream, the config, a plugin, or Sluice itself. */
  readonly source: ErrorSource;
  /** Whether the same may succeed when it is tried again. */
  readonly retryable: boolean;
  /** The status that answers an HTTP request that ends with it, if the plugin that defined the error gave one. */
  readonly status: number | undefined;
  /** What to do about it. */
  readonly remedy: string;
  /** The place of the error, if one is known: `file:line:column`, or `file: option.path`. */
  readonly where: string | undefined;
  /** The excerpt of the source around that place. */
  readonly frame: string | undefined;
  /** The message without its place and its help. */
  readonly detail: string;

  readonly #kind: ErrorKind;

  constructor(code: ErrorCode | ErrorKind, text: string, options: ErrorOptions = {}) {
    const kind = kindOf(code);
    const detail = bounded(text, LONGEST);
    const place = options.where === undefined ? "" : `${options.where}: `;
    super(`${place}${detail} (${kind.code}: ${kind.help})`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SluiceError";
    this.#kind = kind;
    this.code = kind.code;
    this.source = kind.source;
    this.retryable = kind.retryable;
    this.status = kind.status;
    this.remedy = kind.help;
    this.where = options.where;
    this.frame = options.frame;
    this.detail = detail;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The same error with its place, if it has none yet. */
  at(where: string): SluiceError {
    if (this.where !== undefined) return this;
    return this.restated(this.detail, { where });
  }

  /** The same error in other words. */
  restated(detail: string, options: ErrorOptions): SluiceError {
    const kind = ownKinds.has(this.#kind) ? this.#kind : (this.code as ErrorCode);
    return new SluiceError(kind, detail, { cause: this.cause ?? this, ...options });
  }

  /** Sets the place once it is known: the place is looked for only when the error is shown to somebody. */
  locate(where: string): void {
    if (this.where !== undefined) return;
    // The fields are read-only for everybody else. The place is set once.
    Object.assign(this, { where, message: `${where}: ${this.message}` });
  }

  /** True for a SluiceError of any copy of this package. */
  static is(value: unknown): value is SluiceError {
    if (typeof value !== "object" || value === null) return false;
    try {
      // The mark alone is not enough: what follows calls the methods, which a copy of long ago may not have.
      return brand in value && "restated" in value && typeof value.restated === "function";
    } catch {
      // Even `in` can throw, when a plugin threw a JavaScript Proxy.
      return false;
    }
  }
}

/** The text of anything thrown, for a message. Never throws, although a thrown value may have no text, an unreadable one or one without end. */
export function reasonOf(thrown: unknown): string {
  try {
    return bounded(String(thrown instanceof Error ? thrown.message : thrown), 4096);
  } catch {
    return "something that cannot be shown";
  }
}

/** Turns anything thrown into the error that users see. An unknown error is a bug of Sluice, except when the process may not open more files. */
export function asSluiceError(thrown: unknown): SluiceError {
  if (SluiceError.is(thrown)) return thrown;
  if (isOutOfFiles(thrown)) return new SluiceError("SLUICE_TOO_FEW_FILES", reasonOf(thrown), { cause: thrown });
  return new SluiceError("SLUICE_INTERNAL", reasonOf(thrown), { cause: thrown });
}

/** Whether an operating system's error says that the process, or the machine, has no file descriptor left. */
export function isOutOfFiles(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "EMFILE" || thrown.code === "ENFILE");
}
