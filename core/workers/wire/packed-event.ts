import type { ProxyEvent, Session, SluiceError } from "../../contract/index.ts";
import { packError, unpackError, type PackedError } from "./packed-error.ts";

type Packed<E> = E extends unknown
  ? {
      readonly [K in keyof E]: E[K] extends SluiceError
        ? PackedError
        : E[K] extends SluiceError | undefined
          ? PackedError | undefined
          : E[K];
    }
  : never;

/** An event in the form in which it is sent to another process: a session is replaced by its id. */
export type PackedEvent = Packed<ProxyEvent>;

export function packEvent(event: ProxyEvent): PackedEvent {
  const error = "error" in event && event.error !== undefined ? { error: packError(event.error) } : {};
  const session = "session" in event && event.session !== undefined ? { session: { id: event.session.id } } : {};
  return { ...event, ...error, ...session } as PackedEvent;
}

/** The event again. Its `session` has only an id. */
export function unpackEvent(packed: PackedEvent): ProxyEvent & { readonly session?: Pick<Session, "id"> } {
  const error = "error" in packed && packed.error !== undefined ? { error: unpackError(packed.error) } : {};
  return { ...packed, ...error } as ProxyEvent & { readonly session?: Pick<Session, "id"> };
}
