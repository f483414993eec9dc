import type { ExchangeEnd, HttpRequest, Session } from "sluice";
import { createSession } from "./fakes.ts";

export interface FakeRequest {
  readonly request: HttpRequest;
  end(end?: Partial<ExchangeEnd>): void;
}

/** Makes a request that is not connected to anything. */
export function createRequest(given: Partial<HttpRequest> = {}, session: Session = createSession().session): FakeRequest {
  const listeners: ((end: ExchangeEnd) => void)[] = [];
  const request: HttpRequest = {
    session,
    client: session.client,
    method: "GET",
    host: "a.test",
    scheme: "http",
    httpVersion: "1.1",
    url: "/a?secret=1",
    headers: { authorization: "secret" },
    upstream: undefined,
    isUpgrade: false,
    body: undefined,
    replayable: true,
    sent: false,
    failover: true,
    startedAt: 0,
    onAttempt: () => undefined,
    onEnd: (listener) => void listeners.push(listener),
    ...given,
  };
  return {
    request,
    end: (end = {}) => {
      const whole = { status: 200, upstream: "u:1", requestBytes: 1, responseBytes: 2, durationMs: 3, error: undefined, ...end };
      for (const listener of listeners) listener(whole);
    },
  };
}
