import type { HttpRequest, Session } from "sluice";

/**
 * The session as a key function sees it for a request: its client is the client of the request, also when a trusted proxy in front
 * carries the requests of many clients over one connection. This is a Proxy object, because a session's getters work only on the session itself.
 */
export function seenAs(session: Session, request: HttpRequest | undefined): Session {
  if (request === undefined || request.client === session.client) return session;
  const { client } = request;
  return new Proxy(session, {
    get(target, name): unknown {
      if (name === "client") return client;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
