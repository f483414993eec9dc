/// <reference types="node" preserve="true" />
export { answer } from "./answer.ts";
export { answerStream } from "./answer-stream.ts";
export { carry } from "./carry.ts";
export type { Carry } from "./carry-definition.ts";
export type { ChunkFunction } from "./chain.ts";
export { delayBytes } from "./delay-bytes.ts";
export { each } from "./each.ts";
export { hold, type Hold } from "./hold.ts";
export { inject } from "./inject.ts";
export { legStream, type LegDuplex } from "./leg-stream.ts";
export { throttleBytes } from "./throttle-bytes.ts";
