import type { OperatorFunction } from "rxjs";

/** Turns a stream of bytes into messages, and messages into bytes. Made by `lines()`, `lengthPrefixed()`, `frames()`, … or by yourself. */
export interface Codec<M> {
  /**
   * An operator from chunks, wherever they are cut, to messages. At the end an unfinished line is a message too; any other unfinished frame is
   * not, and only {@link messages} can pass it on.
   *
   * @throws SLUICE_PLUGIN_FRAME as the Observable's error: a frame beyond `max`, or something that is not a frame
   */
  decode(): OperatorFunction<Buffer, M>;
  /** The bytes of one message. */
  encode(message: M): Buffer;
}
