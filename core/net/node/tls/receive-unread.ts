import type { Socket } from "node:net";
import { unreadBytes } from "../unread-bytes.ts";

/** The handle of a TLS socket: takes encrypted bytes, as those that a socket had read before it became one of TLS. */
interface TlsHandle {
  readonly receive?: (bytes: Buffer) => void;
}

/**
 * Decrypts what has come for a TLS socket and has not been read yet, and gives it to the socket's reader. For a socket that Node is about to close
 * because a write failed (ADR 0079). Undocumented: the handle's descriptor, and its `receive`; without them nothing is read.
 */
export function receiveUnread(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { readonly _handle?: TlsHandle | null };
  if (typeof handle?.receive !== "function") return;
  // What is received may be an alert, which closes the socket.
  for (const bytes of unreadBytes(socket)) if (!socket.destroyed) handle.receive(bytes);
}
