import { Subject } from "rxjs";
import { reasonOf, SluiceError } from "sluice";
import type { Codec } from "sluice/codec";
import { REDACTED, type Entry, type Message, type Side } from "../format/recording.ts";

/** Cuts a stream into the bytes of a codec's messages. */
export class Frames {
  readonly #bytes = new Subject<Buffer>();
  #found: Buffer[] = [];
  #error: Error | undefined;

  constructor(codec: Codec<unknown>) {
    this.#bytes.pipe(codec.decode()).subscribe({
      next: (message) => {
        this.#found.push(codec.encode(message));
      },
      error: (error: unknown) => {
        this.#error = error instanceof Error ? error : new Error(reasonOf(error));
      },
    });
  }

  /** The messages that this chunk completes. @throws the error of the codec for bytes that are not a message */
  of(chunk: Buffer): Buffer[] {
    this.#bytes.next(chunk);
    return this.#take();
  }

  /** A last message that only the end of the stream completes, such as an unfinished line. */
  rest(): Buffer[] {
    this.#bytes.complete();
    return this.#take();
  }

  #take(): Buffer[] {
    if (this.#error !== undefined) throw this.#error;
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

/**
 * Returns the session with one entry for each message of a codec.
 *
 * @throws SLUICE_RECORDING_INVALID when bytes of the client are not a message
 */
export function framed(session: readonly Entry[], codec: Codec<unknown>): readonly Entry[] {
  const heard = framesOf(session, codec, "client");
  // The bytes of the upstream, the played side, must stay exactly as recorded: when the codec would encode them differently, its entries are not changed.
  try {
    const said = framesOf(heard, codec, "upstream");
    return bytesOfUpstream(said).equals(bytesOfUpstream(session)) ? said : heard;
  } catch {
    return heard;
  }
}

function framesOf(session: readonly Entry[], codec: Codec<unknown>, side: Side): Entry[] {
  const frames = new Frames(codec);
  let last: Message | undefined;
  const found = session.flatMap((entry) => {
    if ("close" in entry || entry.from !== side || isByItself(entry, codec)) return [entry];
    last = entry;
    return framesIn(entry, (bytes) => frames.of(bytes)).map((bytes) => ({ ...entry, bytes }));
  });
  const ending = last;
  return ending === undefined ? found : [...found, ...frames.rest().map((bytes) => ({ ...ending, bytes }))];
}

/** Whether an entry counts as one message without being decoded: redacted data may have broken its frame. */
function isByItself(entry: Message, codec: Codec<unknown>): boolean {
  if (entry.rule !== undefined || entry.template === true) return true;
  if (!entry.bytes.includes(REDACTED)) return false;
  try {
    return !Buffer.concat(new Frames(codec).of(entry.bytes)).equals(entry.bytes);
  } catch {
    return true;
  }
}

function framesIn(entry: Message, cut: (bytes: Buffer) => Buffer[]): Buffer[] {
  try {
    return cut(entry.bytes);
  } catch (error) {
    const where = entry.where === undefined ? {} : { where: entry.where };
    throw new SluiceError("SLUICE_RECORDING_INVALID", `it is no message of the codec: ${reasonOf(error)}`, { cause: error, ...where });
  }
}

function bytesOfUpstream(session: readonly Entry[]): Buffer {
  return Buffer.concat(session.flatMap((entry) => ("from" in entry && entry.from === "upstream" ? [entry.bytes] : [])));
}
