export { answer } from "./answer.ts";
export type { ChunkFunction } from "./chain.ts";
export { delayBytes } from "./delay-bytes.ts";
export { each } from "./each.ts";
export { hold, type Hold } from "./hold.ts";
export { inject } from "./inject.ts";
export { throttleBytes } from "./throttle-bytes.ts";
