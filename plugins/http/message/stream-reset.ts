import type { SluiceError } from "sluice";
import { constants } from "node:http2";

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INADEQUATE_SECURITY, NGHTTP2_INTERNAL_ERROR } = constants;

/** The names of codes (RFC 9113 section 7). */
const names = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED"];
names.push("FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM");
names.push("INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED");

/** The codes of a reset that are about the request itself, and so passed to the other side; all others are about the peer's connection. */
const passed: ReadonlySet<number> = new Set([NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INADEQUATE_SECURITY]);

export function nameOf(code: number): string {
  return names[code] ?? String(code);
}

/** The cause of a failure: a stream of HTTP/2 was reset (RST_STREAM). */
export class RstStream extends Error {
  constructor(readonly streamCode: number) {
    super(`reset with ${nameOf(streamCode)}`);
  }
}

/** The code with which the other side's stream is reset. */
export function codeOf(error: SluiceError | undefined): number {
  const { cause } = error ?? {};
  return cause instanceof RstStream && passed.has(cause.streamCode) ? cause.streamCode : NGHTTP2_INTERNAL_ERROR;
}
