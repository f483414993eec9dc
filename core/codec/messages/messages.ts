import { Observable, type MonoTypeOperatorFunction, type OperatorFunction } from "rxjs";
import { Root } from "../../flow/chain/root.ts";
import { stagesDownTo } from "../../flow/operators/each.ts";
import { wrongArgument } from "../../contract/options/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { encoded } from "./encoded.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import { MessageFlow } from "./message-flow.ts";
import { MessageStage } from "./message-stage.ts";

/**
 * Works on messages instead of chunks: decodes, runs `operator` on the messages, encodes what it emits. An unfinished frame waits for its rest,
 * also across a reload; at the end of the stream, or when the plugin is removed, it goes on as it is. On UDP each datagram is decoded by itself.
 * With `each` as the operator it runs as one function with its neighbours, and unchanged messages are not encoded again.
 *
 * @param codec one of this package, or your own made by `frames()`. With any other object that has `decode` and `encode`, nothing survives a reload.
 * @throws SLUICE_PLUGIN_ARGUMENT if `codec` is not a codec, or `operator` not an operator
 * @throws SLUICE_PLUGIN_FRAME as the Observable's error: a frame beyond the codec's `max`, or something that is not a frame
 * @example data.pipe(messages(lines(), each((line) => line.toUpperCase())))
 */
export function messages<M>(codec: Codec<M>, operator: OperatorFunction<M, M>): MonoTypeOperatorFunction<Buffer> {
  checkMessages(codec, operator);
  if (!(codec instanceof FrameCodec)) return (source) => source.pipe(codec.decode(), operator, encoded(codec));
  const { framing } = codec as FrameCodec<M>;
  return (source) => {
    const inner = new Root();
    const output = operator(inner as Observable<unknown> as Observable<M>);
    const { root, steps } = stagesDownTo(output, inner);
    if (root === inner && !inner.observed) return new MessageStage(source, framing, steps) as Observable<unknown> as Observable<Buffer>;
    return new MessageFlow(source, framing, { operator, first: { inner, output } });
  };
}

function checkMessages(codec: unknown, operator: unknown): void {
  const { decode, encode } = (codec ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof decode !== "function" || typeof encode !== "function")
    throw wrongArgument("messages", "expected a codec first, such as lines(): an object with decode and encode");
  if (typeof operator !== "function") throw wrongArgument("messages", "expected an operator second, such as each((message) => message)");
}
