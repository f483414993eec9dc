/// <reference types="node" preserve="true" />
/** Messages instead of chunks: what plugins import as `sluice/codec`. */
export type { Codec } from "./codec.ts";
export { delimited, type DelimitedOptions } from "./delimited.ts";
export { dnsOverTcp } from "./dns-over-tcp.ts";
export { frames, type FrameSpec, type TypedFrameSpec } from "./frames.ts";
export { jsonLines, type JsonLinesOptions, type MessageSchema } from "./json-lines.ts";
export { lengthPrefixed, type LengthPrefixedOptions } from "./length-prefixed.ts";
export { lines, type LinesOptions } from "./lines.ts";
export { messages } from "./messages.ts";
export { resp, type RespOptions } from "./resp.ts";
export type { RespPair, RespValue } from "./resp-value.ts";
export { varintPrefixed, type VarintPrefixedOptions } from "./varint-prefixed.ts";
