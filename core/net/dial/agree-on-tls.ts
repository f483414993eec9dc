import type { Socket } from "node:net";
import { SluiceError, type StartTlsProtocol } from "../../contract/index.ts";

/** Bytes that an upstream may send before TLS begins. */
const MAX_BYTES = 65_536;

/** One step of the conversation: the text to send, and the answer to expect. */
interface Step {
  readonly say: string;
  /** Whether an answer is complete: its last line has come; for PostgreSQL, its one byte. */
  readonly isWhole: (answer: string) => boolean;
  readonly isGood: (answer: string) => boolean;
}

const lastLine = (answer: string): string => /([^\n]*)\r?\n$/.exec(answer)?.[1] ?? "";
const smtpAnswer = { isWhole: (answer: string): boolean => /^\d{3}(?!-)/.test(lastLine(answer)) };

/** The steps of each protocol. If the server speaks first, its greeting comes first: the client gets it afterwards. */
const conversations: Readonly<Record<StartTlsProtocol, readonly Step[]>> = {
  postgres: [{ say: "\0\0\0\u0008\u0004\u00d2\u0016\u002f", isWhole: (answer) => answer.length > 0, isGood: (answer) => answer === "S" }],
  smtp: [
    { say: "", ...smtpAnswer, isGood: (answer) => answer.startsWith("220") },
    { say: "EHLO localhost\r\n", ...smtpAnswer, isGood: (answer) => /^250[- ]STARTTLS\s*$/im.test(answer) },
    { say: "STARTTLS\r\n", ...smtpAnswer, isGood: (answer) => /^220[^\n]*\n$/.test(answer) },
  ],
  imap: [
    { say: "", isWhole: (answer) => answer.endsWith("\n"), isGood: (answer) => /^\* OK/i.test(answer) },
    { say: "a STARTTLS\r\n", isWhole: (answer) => /^a /i.test(lastLine(answer)), isGood: (answer) => /^a OK[^\n]*\n$/i.test(answer) },
  ],
};

/**
 * Agrees with an upstream to begin TLS, in the words of its protocol.
 *
 * @param socket connected, with an error handler; not reading
 * @param told called once: with the greeting of the server (empty if it sends none), or with the reason why there is no TLS
 * @returns a function that gives it up
 */
export function agreeOnTls(
  socket: Socket,
  protocol: StartTlsProtocol,
  told: (greeting: Buffer | undefined, error: SluiceError | undefined) => void,
): () => void {
  const steps = [...conversations[protocol]];
  const speaksFirst = steps[0]?.say === "";
  let greeting = Buffer.alloc(0);
  let answer = "";
  const stop = (): void => void socket.off("data", heard).off("end", ended).off("close", ended).pause();
  const end = (error: string | undefined): void => {
    stop();
    told(error === undefined ? greeting : undefined, error === undefined ? undefined : new SluiceError("SLUICE_UPSTREAM_TLS", error));
  };
  const ended = (): void => end(`the upstream hung up instead of agreeing to TLS (${protocol})`);
  const heard = (chunk: Buffer): void => {
    answer += chunk.toString("latin1");
    const [step] = steps;
    if (step === undefined || answer.length > MAX_BYTES) return end(`the upstream said more than was asked (${protocol})`);
    if (!step.isWhole(answer)) return undefined;
    // Bytes behind the last answer were not encrypted: then the answer is not good (CVE-2021-23222).
    if (!step.isGood(answer)) return end(`the upstream does not agree to TLS (${protocol}): ${JSON.stringify(answer.slice(-200))}`);
    if (speaksFirst && greeting.length === 0) greeting = Buffer.from(answer, "latin1");
    answer = "";
    steps.shift();
    return steps.length === 0 ? end(undefined) : say();
  };
  const say = (): void => {
    const said = steps[0]?.say ?? "";
    if (said !== "") socket.write(said, "latin1");
  };
  socket.on("data", heard).on("end", ended).on("close", ended).resume();
  say();
  return stop;
}
