/// <reference types="node" preserve="true" />
export { answer } from "./answers/answer.ts";
export { answerStream } from "./answers/answer-stream.ts";
export { carry } from "./operators/carry.ts";
export type { Carry } from "./operators/carry-definition.ts";
export type { ChunkFunction } from "./chain/chain.ts";
export { delayBytes } from "./operators/delay-bytes.ts";
export { each } from "./operators/each.ts";
export { hold, type Hold } from "./operators/hold.ts";
export { inject } from "./operators/inject.ts";
export { legStream, type LegDuplex } from "./answers/leg-stream.ts";
export { replaceBytes, type BytesReplacement, type ReplaceBytesOptions } from "./operators/replace-bytes.ts";
export { throttleBytes } from "./operators/throttle-bytes.ts";
