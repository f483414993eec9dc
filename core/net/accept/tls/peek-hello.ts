import type { Socket } from "node:net";
import { SluiceError, type SessionTls } from "../../../contract/index.ts";
import { ClientHelloParser } from "./client-hello.ts";

/** The first byte of TLS (RFC 8446 section 5.1): a record of the handshake. */
const HANDSHAKE = 22;

export interface HelloOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly allowsPlain: boolean;
}

/**
 * Reads a client's ClientHello and puts it back, so that the next reader (TLS termination or a flow that passes TLS through) sees every byte.
 *
 * @param socket paused, with no reader
 * @returns undefined if plain clients are allowed and the first byte is not one of TLS
 * @throws SLUICE_CLIENT_TLS, SLUICE_CLIENT_TIMEOUT, SLUICE_CLIENT_RESET
 */
export function peekClientHello(socket: Socket, client: string, { timeout, allowsPlain }: HelloOptions): Promise<SessionTls | undefined> {
  return new Promise((resolve, reject) => {
    const parser = new ClientHelloParser();
    const seen: Buffer[] = [];
    const timer = setTimeout(() => {
      settle();
      reject(new SluiceError("SLUICE_CLIENT_TIMEOUT", `${client}: no complete ClientHello within ${timeout} ms`));
    }, timeout);
    const settle = (): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onClose).pause();
    };
    const onData = (chunk: Buffer): void => {
      seen.push(chunk);
      const verdict = parser.push(chunk);
      if (verdict === "more") return;
      settle();
      socket.unshift(Buffer.concat(seen));
      if (verdict === "invalid" && allowsPlain && seen[0]?.[0] !== HANDSHAKE) resolve(undefined);
      else if (verdict === "invalid") reject(new SluiceError("SLUICE_CLIENT_TLS", `${client}: the first bytes are no TLS ClientHello`));
      else resolve({ serverName: verdict.serverName, alpn: verdict.alpn });
    };
    const onEnd = (): void => {
      settle();
      reject(
        new SluiceError(seen.length === 0 ? "SLUICE_CLIENT_RESET" : "SLUICE_CLIENT_TLS", `${client}: finished before its ClientHello`),
      );
    };
    const onClose = (): void => {
      settle();
      reject(new SluiceError("SLUICE_CLIENT_RESET", `${client}: closed before its ClientHello`));
    };
    socket.on("data", onData).on("end", onEnd).on("close", onClose).resume();
  });
}
