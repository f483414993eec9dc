import type { Socket } from "node:net";
import {
  catalogue,
  ownKind,
  printable,
  printableLines,
  reasonOf,
  SluiceError,
  type ErrorCode,
  type ErrorKind,
} from "../../contract/index.ts";
import type { ControlAnswer, WireError } from "./control-answer.ts";
import { controlPaths } from "./control-path.ts";
import { isBusy, openTrusted } from "./open-control.ts";
import { readLine } from "./read-line.ts";

/** A value without characters that could control the terminal that shows it, as anybody may have sent it. */
export function shownSafely(value: unknown): unknown {
  if (typeof value === "string") return printableLines(value);
  if (Array.isArray(value)) return value.map(shownSafely);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [printable(key), shownSafely(each)]));
}

/** The error that a running proxy refused with, with the same code and message. */
function refusal({ code, message: given, frame }: WireError): SluiceError {
  const message = typeof given === "string" ? printableLines(given) : "refused without a reason";
  const options = typeof frame === "string" ? { frame: printableLines(frame) } : {};
  const error = new SluiceError(kindOf(code), message, options);
  // The proxy has already composed the message, with its place and help.
  return Object.assign(error, { message });
}

/** A plugin's error has a code of its own, which is not in the catalogue. */
function kindOf(code: string): ErrorCode | ErrorKind {
  if (Object.hasOwn(catalogue, code)) return code as ErrorCode;
  return /^(?!SLUICE_)[A-Z][A-Z0-9_]*$/.test(code) ? ownKind({ code, source: "plugin", retryable: false, help: "" }) : "SLUICE_INTERNAL";
}

/**
 * Asks the proxy that runs with a config, and returns the result of its answer.
 *
 * @param config the config's file, absolute
 * @throws SLUICE_NOT_RUNNING when there is none, SLUICE_NOT_ANSWERING when it does not answer in time, or the error that the proxy answered with
 */
export async function askControl(config: string, command: string, timeoutMs: number, input?: object): Promise<unknown> {
  const socket = await openAny(config);
  try {
    socket.write(`${JSON.stringify({ command, input })}\n`);
    return shownSafely(resultOf(await readLine(socket, Infinity, timeoutMs)));
  } catch (error) {
    if (SluiceError.is(error)) throw error;
    throw unanswered(config, reasonOf(error), error);
  } finally {
    socket.destroy();
  }
}

/** @throws the error that the proxy answered with */
export function resultOf(line: string): unknown {
  const answer = JSON.parse(line) as ControlAnswer;
  if (answer.ok) return answer.result;
  throw refusal(answer.error);
}

/** A connection to the proxy of a config. @throws SLUICE_NOT_RUNNING, SLUICE_NOT_ANSWERING */
export async function openAny(config: string): Promise<Socket> {
  for (const path of controlPaths(config)) {
    // oxlint-disable-next-line no-await-in-loop -- the next place only when nobody is at this one
    const found = await openTrusted(path, config);
    if (typeof found !== "string") return found;
    if (isBusy(found)) throw unanswered(config, found);
  }
  throw new SluiceError("SLUICE_NOT_RUNNING", "no proxy runs with this config", { where: config });
}

export function unanswered(config: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("SLUICE_NOT_ANSWERING", `the proxy runs and did not answer: ${printable(reason)}`, { where: config, cause });
}
