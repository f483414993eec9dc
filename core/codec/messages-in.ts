import type { Framing } from "./framing.ts";

/** For people who look at it, not for what runs. */
const most = 64;

/** The whole messages in one chunk, which begins where a frame does: 64 at most, and none behind what is no frame. */
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
    // It is no frame: whoever runs it has said so.
  }
  return found;
}
