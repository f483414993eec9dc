import { pipeline, type Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { wrongBody, type HttpMessage } from "./message.ts";

const decoders: Readonly<Record<string, (() => Transform) | undefined>> = {
  gzip: () => zlib.createGunzip(),
  "x-gzip": () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  // From Node 22.15 on.
  zstd: (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress,
};

/** The content codings of a message, the last first (RFC 9110 section 8.4). */
export function codingsOf({ headers }: HttpMessage): string[] {
  const named = [headers["content-encoding"] ?? []].flat().flatMap((value) => value.split(","));
  return named
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "" && each !== "identity")
    .toReversed();
}

/**
 * The content of a message without its codings.
 * @throws SLUICE_HTTP_REQUEST, SLUICE_UPSTREAM_PROTOCOL for an unknown coding
 */
export function decoded(message: HttpMessage, bytes: Readable): Readable {
  const steps = codingsOf(message).map((name) => {
    const make = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
    if (make === undefined) throw wrongBody(message, `a body in the coding "${name}" cannot be read`);
    return make();
  });
  const last = steps.at(-1);
  if (last !== undefined) pipeline([bytes, ...steps], () => undefined);
  return last ?? bytes;
}

/** The error for a body that could not be read: most likely it is not in the coding that it names. */
export function unreadable(message: HttpMessage, error: unknown): SluiceError {
  return SluiceError.is(error) ? error : wrongBody(message, `the body cannot be read: ${reasonOf(error)}`, error);
}
