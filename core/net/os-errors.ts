import { reasonOf, SluiceError, type ErrorCode, type ErrorOptions } from "../contract/index.ts";

// The one place that turns the errors of the operating system, c-ares and OpenSSL into errors of the catalogue.

const upstreamCodes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ECONNREFUSED: ["SLUICE_UPSTREAM_REFUSED", "refused the connection"],
  ENOENT: ["SLUICE_UPSTREAM_REFUSED", "refused the connection: there is no such socket"],
  ENOTSOCK: ["SLUICE_UPSTREAM_REFUSED", "refused the connection: the path is not a socket"],
  ECONNRESET: ["SLUICE_UPSTREAM_RESET", "reset the connection"],
  ECONNABORTED: ["SLUICE_UPSTREAM_RESET", "reset the connection"],
  // Our own code for a connection that ended without a close_notify (node/tls/truncation.ts).
  ETRUNCATED: ["SLUICE_UPSTREAM_TRUNCATED", "ended the connection without close_notify, so its data may have been cut off"],
  EPIPE: ["SLUICE_UPSTREAM_RESET", "closed the connection while it was being written to"],
  ETIMEDOUT: ["SLUICE_UPSTREAM_TIMEOUT", "did not answer in time"],
  EHOSTUNREACH: ["SLUICE_UPSTREAM_UNREACHABLE", "cannot be reached"],
  ENETUNREACH: ["SLUICE_UPSTREAM_UNREACHABLE", "cannot be reached"],
  EHOSTDOWN: ["SLUICE_UPSTREAM_UNREACHABLE", "cannot be reached"],
  ENETDOWN: ["SLUICE_UPSTREAM_UNREACHABLE", "cannot be reached"],
  // For an upstream it means: there is no local address (or no free port) to connect from.
  EADDRNOTAVAIL: ["SLUICE_UPSTREAM_UNREACHABLE", "cannot be reached from any local address"],
  EINVAL: ["SLUICE_UPSTREAM_UNREACHABLE", "cannot be reached from this address"],
  EACCES: ["SLUICE_UPSTREAM_UNREACHABLE", "may not be reached by this process"],
  EPERM: ["SLUICE_UPSTREAM_UNREACHABLE", "may not be reached by this process"],
  EMFILE: ["SLUICE_LIMIT_SESSIONS", "was not dialled: the process has no file descriptor left"],
  ENFILE: ["SLUICE_LIMIT_SESSIONS", "was not dialled: the system has no file descriptor left"],
};

const listenCodes: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EADDRINUSE: ["SLUICE_ADDRESS_IN_USE", "the address is in use"],
  EACCES: ["SLUICE_ADDRESS_FORBIDDEN", "this process may not bind it"],
  EPERM: ["SLUICE_ADDRESS_FORBIDDEN", "this process may not bind it"],
  EADDRNOTAVAIL: ["SLUICE_ADDRESS_UNAVAILABLE", "this machine does not have the address"],
  EAFNOSUPPORT: ["SLUICE_ADDRESS_UNAVAILABLE", "this machine does not speak that family of addresses"],
  ENOTFOUND: ["SLUICE_ADDRESS_UNAVAILABLE", "the host name is unknown"],
  EAI_AGAIN: ["SLUICE_ADDRESS_UNAVAILABLE", "the host name could not be looked up"],
  ENOENT: ["SLUICE_ADDRESS_UNAVAILABLE", "the folder of the socket does not exist"],
  ENOTDIR: ["SLUICE_ADDRESS_UNAVAILABLE", "the folder of the socket does not exist"],
  EINVAL: ["SLUICE_ADDRESS_UNAVAILABLE", "the address cannot be bound"],
};

const unknownNames: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME", "EBADQUERY"]);
const dnsOnly = /^(EAI_|ESERVFAIL|EREFUSED|ETIMEOUT|EFORMERR|ENOTIMP|EBADRESP|ENODATA|ENOTFOUND|ECANCELLED)/;
// OpenSSL's verification results reach JavaScript as bare names (DEPTH_ZERO_SELF_SIGNED_CERT), its failures as ERR_SSL_* or EPROTO.
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/;

interface SystemError {
  readonly code: string;
  readonly syscall: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/**
 * Maps an error of a connection to an upstream.
 *
 * @param endpoint as written in the config; the message names it, and the address that was tried if it differs
 */
export function upstreamError(error: unknown, endpoint: string): SluiceError {
  if (SluiceError.is(error)) return error;
  if (error instanceof AggregateError && error.errors.length > 0) return upstreamError(error.errors[0], endpoint);
  const system = systemError(error);
  const options = { cause: error };
  // The only thing bound here is an upstream's `bind` address.
  if (system.syscall === "bind") return unbound(system, endpoint, options);
  if (isDns(system)) return dnsError(error, endpoint);
  if (tlsCode.test(system.code)) {
    return new SluiceError("SLUICE_UPSTREAM_TLS", `TLS with upstream ${endpoint} failed: ${tlsReason(error)}`, options);
  }
  const known = upstreamCodes[system.code];
  if (known !== undefined) return new SluiceError(known[0], `upstream ${endpoint} ${known[1]} (${origin(system, endpoint)})`, options);
  const code = system.syscall === "" ? "SLUICE_INTERNAL" : "SLUICE_UPSTREAM_RESET";
  return new SluiceError(code, `upstream ${endpoint} failed: ${reasonOf(error)}`, options);
}

function unbound({ code }: SystemError, endpoint: string, options: ErrorOptions): SluiceError {
  const detail = `upstream ${endpoint} was not dialled: this machine does not have the address of \`bind\` (${code})`;
  return new SluiceError("SLUICE_ADDRESS_UNAVAILABLE", detail, options);
}

/** Maps a failed look-up. Another try makes sense when a name server could not answer for now, and not when the name does not exist. */
export function dnsError(error: unknown, name: string): SluiceError {
  if (SluiceError.is(error)) return error;
  const { code } = systemError(error);
  if (unknownNames.has(code)) {
    return new SluiceError("SLUICE_UPSTREAM_DNS_NOT_FOUND", `the name of upstream ${name} is unknown (${code})`, { cause: error });
  }
  const detail = `the name of upstream ${name} could not be looked up (${code === "" ? reasonOf(error) : code})`;
  return new SluiceError("SLUICE_UPSTREAM_DNS_TEMPORARY", detail, { cause: error });
}

/** Maps an error of a client's leg. */
export function clientError(error: unknown, client: { toString(): string }): SluiceError {
  if (SluiceError.is(error)) return error;
  const { code } = systemError(error);
  if (tlsCode.test(code)) {
    return new SluiceError("SLUICE_CLIENT_TLS", `TLS with client ${client.toString()} failed: ${tlsReason(error)}`, { cause: error });
  }
  if (code === "ETIMEDOUT") {
    return new SluiceError("SLUICE_CLIENT_TIMEOUT", `client ${client.toString()} did not answer in time (ETIMEDOUT)`, { cause: error });
  }
  if (code === "ETRUNCATED") {
    const detail = `client ${client.toString()} ended the connection without close_notify, so its data may have been cut off`;
    return new SluiceError("SLUICE_CLIENT_TRUNCATED", detail, { cause: error });
  }
  const reason = code === "" ? reasonOf(error) : code;
  return new SluiceError("SLUICE_CLIENT_RESET", `client ${client.toString()} reset the connection (${reason})`, { cause: error });
}

/** The readable part of an error of OpenSSL. Its message is a line for debuggers that ends in a line break; `reason` has the same in words. */
export function tlsReason(error: unknown): string {
  const { reason } = typeof error === "object" && error !== null ? (error as { readonly reason?: unknown }) : {};
  const known = typeof reason === "string" && /:error:[0-9A-F]+:/.test(reasonOf(error));
  return known ? `${reason} (${systemError(error).code})` : reasonOf(error).trim();
}

/**
 * Maps why a listener could not be bound.
 *
 * @param url as in the config, e.g. `tcp://127.0.0.1:8080`
 */
export function listenError(error: unknown, listener: string, url: string): SluiceError {
  return bindError(error, `listener "${listener}" cannot listen on ${url}`);
}

/** The same for other servers. @param subject what could not be done, as the beginning of a sentence */
export function bindError(error: unknown, subject: string): SluiceError {
  if (SluiceError.is(error)) return error;
  const { code } = systemError(error);
  const options = { cause: error };
  const known = listenCodes[code];
  if (known !== undefined) return new SluiceError(known[0], `${subject}: ${known[1]} (${code})`, options);
  if (code === "EMFILE" || code === "ENFILE")
    return new SluiceError("SLUICE_LIMIT_SESSIONS", `${subject}: no file descriptor left`, options);
  return new SluiceError("SLUICE_INTERNAL", `${subject}: ${reasonOf(error)}`, options);
}

/** The error that Node should have reported for a reset, or for an end without close_notify, which it took for a normal end. */
export function cutOff(code: "ECONNRESET" | "ETRUNCATED"): Error {
  return Object.assign(new Error(`read ${code}`), { code, syscall: "read" });
}

function systemError(error: unknown): SystemError {
  const fields = typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
  const { code, syscall, address, port } = fields;
  return {
    code: typeof code === "string" ? code : "",
    syscall: typeof syscall === "string" ? syscall : "",
    address: typeof address === "string" ? address : undefined,
    port: typeof port === "number" ? port : undefined,
  };
}

// c-ares shares ECONNREFUSED with connect(2); only the syscall tells them apart.
function isDns({ code, syscall }: SystemError): boolean {
  return syscall.startsWith("query") || syscall === "getaddrinfo" || dnsOnly.test(code);
}

function origin({ code, address, port }: SystemError, endpoint: string): string {
  if (address === undefined || endpoint.includes(address)) return code;
  if (port === undefined) return `${code} ${address}`;
  return address.includes(":") ? `${code} [${address}]:${port}` : `${code} ${address}:${port}`;
}
