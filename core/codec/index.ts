/// <reference types="node" preserve="true" />
/** Messages instead of chunks: what plugins import as `sluice/codec`. */
export type { Codec } from "./framing/codec.ts";
export { delimited, type DelimitedOptions } from "./formats/delimited.ts";
export { dnsOverTcp } from "./formats/dns-over-tcp.ts";
export { frames, type FrameSpec, type TypedFrameSpec } from "./formats/frames.ts";
export { jsonLines, type JsonLinesOptions, type MessageSchema } from "./formats/json-lines.ts";
export { lengthPrefixed, type LengthPrefixedOptions } from "./formats/length-prefixed.ts";
export { lines, type LinesOptions } from "./formats/lines.ts";
export { messages } from "./messages/messages.ts";
export { resp, type RespOptions } from "./resp/resp.ts";
export type { RespPair, RespValue } from "./resp/resp-value.ts";
export { varintPrefixed, type VarintPrefixedOptions } from "./formats/varint-prefixed.ts";
