import type { Framing } from "../framing/framing.ts";

/** Most messages: they are only shown to people. */
const most = 64;

/** The whole messages in one chunk that begins with a frame: 64 at most, and none after something that is not a frame. */
export function messagesIn<M>(framing: Framing<M>, chunk: Buffer): readonly M[] {
  const scanner = framing.scanner();
  const found: M[] = [];
  let at = 0;
  try {
    for (let end = scanner.end(chunk, at); end !== undefined && found.length < most; end = scanner.end(chunk, at)) {
      const message = framing.message(chunk, at, end);
      if (message !== undefined) found.push(message);
      at = end;
    }
  } catch {
    // Not a frame: the stage that runs has reported it.
  }
  return found;
}
