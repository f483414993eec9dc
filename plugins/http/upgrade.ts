import type { HttpResponse } from "sluice";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Observable } from "rxjs";
import { SluiceError } from "sluice";
import type { EndpointAgent } from "./endpoint-agent.ts";
import { endToEnd } from "./header-fields.ts";
import type { Outbound } from "./outbound.ts";
import { upstreamFailure } from "./upstream-failure.ts";

export interface UpgradeOptions {
  readonly agent: EndpointAgent;
  readonly endpoint: string;
  /** Milliseconds until the upstream has answered. */
  readonly timeout: number;
}

/**
 * Asks an upstream for a WebSocket. Not through the package `http-proxy`: that ends the client's connection where it cannot connect, so
 * that nobody could try again or answer.
 */
export function upgrade({ url, headers }: Outbound, { agent, endpoint, timeout }: UpgradeOptions): Observable<HttpResponse> {
  return new Observable((subscriber) => {
    let settled = false;
    const fields = { ...headers, connection: "Upgrade", upgrade: "websocket" };
    const outgoing = httpRequest({ host: "upstream", method: "GET", path: url, headers: fields, agent });
    const timer = setTimeout(() => {
      failed(new SluiceError("SLUICE_UPSTREAM_TIMEOUT", `upstream ${endpoint} sent no response within ${timeout} ms`));
    }, timeout);
    const settle = (): boolean => {
      const before = settled;
      settled = true;
      clearTimeout(timer);
      return !before;
    };
    const release = (): void => {
      outgoing.destroy(new SluiceError("SLUICE_CLIENT_RESET", "the attempt was given up"));
      agent.forget();
    };
    const failed = (error: unknown): void => {
      if (!settle()) return;
      release();
      subscriber.error(upstreamFailure(error, endpoint, outgoing));
    };
    const answered = (response: IncomingMessage, more: Partial<HttpResponse>): void => {
      if (!settle()) return;
      subscriber.next({ status: response.statusCode ?? 502, headers: endToEnd(response.rawHeaders), upstream: endpoint, ...more });
      subscriber.complete();
    };
    outgoing.on("error", failed);
    outgoing.on("response", (response) => {
      answered(response, { body: response, trailers: () => endToEnd(response.rawTrailers) });
    });
    outgoing.on("upgrade", (response: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (head.length > 0) stream.unshift(head);
      stream.allowHalfOpen = true;
      answered(response, { upgraded: stream });
    });
    outgoing.end();
    return () => {
      if (settle()) release();
    };
  });
}
