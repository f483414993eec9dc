import type { Socket } from "node:net";
import { SluiceError, reasonOf } from "../../contract/index.ts";
import { openAny, resultOf, shownSafely, unanswered } from "./ask-control.ts";

const firstAnswerMs = 10_000;
/** Bytes of a line at most: more than any event has. */
const longestLine = 16 * 1024 * 1024;

/** What to ask the proxy for, and what to do when it answers. */
export interface Following {
  readonly command: string;
  readonly input: object;
  readonly begun?: () => void;
}

/**
 * Asks the proxy that runs with a config for a stream, and yields one value for each line of its answer. It reads no faster than the values are
 * taken, and ends when the proxy ends or when `signal` is aborted.
 *
 * @param config the config's file, absolute
 * @throws SLUICE_NOT_RUNNING when there is none, SLUICE_NOT_ANSWERING when it does not answer in time, or the error that the proxy answered with
 */
export async function* followControl(
  config: string,
  { command, input, begun = () => undefined }: Following,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  const socket = await openAny(config);
  const leave = (): void => void socket.destroy();
  signal.addEventListener("abort", leave);
  const late = setTimeout(leave, firstAnswerMs);
  let isOpen = false;
  try {
    socket.write(`${JSON.stringify({ command, input })}\n`);
    for await (const line of linesOf(socket)) {
      if (isOpen) {
        yield shownSafely(JSON.parse(line));
        continue;
      }
      resultOf(line);
      isOpen = true;
      clearTimeout(late);
      begun();
    }
    if (!isOpen && !signal.aborted) throw unanswered(config, "the connection closed");
  } catch (error) {
    if (SluiceError.is(error)) throw error;
    // The proxy went away: this is the normal end of a stream.
    if (!isOpen && !signal.aborted) throw unanswered(config, reasonOf(error), error);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", leave);
    socket.destroy();
  }
}

/** The lines that a socket sends. Reads on only when the lines so far have been taken. */
async function* linesOf(socket: Socket): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of socket.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) throw new Error("a line that is too long");
    yield* lines;
  }
}
