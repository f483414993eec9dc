import type { SluiceError } from "sluice";
import type { InterimResponse } from "./client-request.ts";

/** The destination of one response: a connection of HTTP/1, or a stream of HTTP/2. */
export interface ResponseSink {
  /** The status that was sent; 0 before that. */
  readonly status: number;
  /** Names of fields may have capital letters; those of HTTP/2 may not (RFC 9113 section 8.2.1). */
  readonly keepsCase: boolean;
  /** Whether all of it was sent to the client. */
  readonly isWhole: boolean;
  /** Whether a part waits for the client to read. */
  readonly isPending: boolean;
  /** Called when a part begins to wait (false), and when the client has read something (true). */
  onMoved: ((isTaken: boolean) => void) | undefined;
  /** Called when there is room again after a `write` that returned false. */
  onDrain: (() => void) | undefined;
  /** Called once when nothing more can be sent: all of it was sent, or the client has left. */
  onClosed: (() => void) | undefined;
  /** Sends 100 Continue. */
  goOn(): void;
  /** Sends an interim response, such as 103 Early Hints. @throws when a field may not be sent */
  inform(response: InterimResponse): void;
  /**
   * @param fields names and values, one after the other
   * @param isClosing whether the connection serves no other request
   * @param reason the words after the status, if the protocol has them
   * @throws when a field or the status may not be sent; then nothing was sent
   */
  head(status: number, fields: readonly string[], isClosing: boolean, reason?: string): void;
  /** Sends the head now, before the body begins. */
  flush(): void;
  /** Sends a part of the body. @returns false when enough data waits: continue at `onDrain` */
  write(chunk: Buffer): boolean;
  /** Ends the response. @param last the last part of the body; if it is the whole body, head and body are sent together */
  end(last?: Buffer): void;
  /** Ends with trailers: names and values, one after the other. @throws when a trailer may not be sent; then nothing was sent */
  trail(trailers: readonly string[]): void;
  /** Breaks off, so that the client does not take a part for the whole. */
  abort(error: SluiceError): void;
}
