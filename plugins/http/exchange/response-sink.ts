import type { SluiceError } from "sluice";
import type { InterimResponse } from "./client-request.ts";

/** Where one response goes: into a connection of HTTP/1, or into a stream of HTTP/2. */
export interface ResponseSink {
  /** The status that was sent; 0 before. */
  readonly status: number;
  /** Names of fields may have capital letters; those of HTTP/2 may not (RFC 9113 section 8.2.1). */
  readonly keepsCase: boolean;
  /** The client has all of it. */
  readonly isWhole: boolean;
  /** Whether a part of it waits for the client to take it. */
  readonly isPending: boolean;
  /** Called when a part begins to wait, and when the client took something. */
  onMoved: ((isTaken: boolean) => void) | undefined;
  /** Called when there is room again after a `write` that returned false. */
  onDrain: (() => void) | undefined;
  /** Called once: nothing more can be sent, since all of it was or the client has left. */
  onClosed: (() => void) | undefined;
  /** 100 Continue. */
  goOn(): void;
  /** A response before the response, such as 103 Early Hints. @throws where a field may not be sent */
  inform(response: InterimResponse): void;
  /**
   * @param fields names and values, one after the other
   * @param isClosing no other request is served on the connection
   * @param reason the words after the status, where the protocol has them
   * @throws where a field, or the status, may not be sent; then nothing was
   */
  head(status: number, fields: readonly string[], isClosing: boolean, reason?: string): void;
  /** Sends the head now, though the body has not begun. */
  flush(): void;
  /** A part of the body. @returns false when enough waits: go on at `onDrain` */
  write(chunk: Buffer): boolean;
  /** The end. @param last of the body; where it is all of the body, head and body go out together */
  end(last?: Buffer): void;
  /** Ends with trailers: names and values, one after the other. @throws where one may not be sent; then nothing was */
  trail(trailers: readonly string[]): void;
  /** Breaks off, so that the client does not take what it has for the whole. */
  abort(error: SluiceError): void;
}
