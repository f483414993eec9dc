import type { EarlyUpstream, Session } from "sluice";
import type { Conversation, Outcome } from "./conversation.ts";
import { onTheWire, readAnswer, readLine, type Line, type NoLine } from "./lines.ts";

/** The most commands before STARTTLS: a client that sends more has decided to continue without encryption. */
const MAX_COMMANDS = 20;

/**
 * What is done with a command before TLS: `begin` TLS, `pass` it on to the upstream, `leave` after the upstream's answer to it, or `refuse` it (where
 * TLS is optional: continue without TLS).
 */
export type Step = "begin" | "pass" | "leave" | "refuse";

/** A protocol of lines in which the server speaks first. A `command` is a line without its line end. */
export interface CommandProtocol {
  readonly stepOf: (command: string) => Step;
  /** Whether it is the last line of the upstream's answer to a command, or of its greeting. */
  readonly isLast: (line: string, command: string | undefined) => boolean;
  /** The answer as the client gets it: it offers STARTTLS, and if TLS is required no way to log in. */
  readonly offer: (answer: readonly string[], command: string | undefined, isRequired: boolean) => readonly string[];
  /** The answer to a command that begins TLS. */
  readonly ready: (command: string) => string;
  readonly refusal: (command: string) => string;
  /** The last line to a client that sends more than the bounds allow. */
  readonly tooMany: string;
  readonly tooLong: string;
}

/** Makes the conversation of a protocol: the upstream's greeting, then command by command. */
export function commandByCommand(protocol: CommandProtocol): Conversation {
  return async (session, timeout) => new Commands(protocol, session, await session.openUpstream(), timeout).run();
}

class Commands {
  readonly #isRequired: boolean;
  #wasRefused = false;

  constructor(
    private readonly protocol: CommandProtocol,
    private readonly session: Session,
    private readonly upstream: EarlyUpstream,
    private readonly timeout: number,
  ) {
    this.#isRequired = session.allowsPlain !== true;
  }

  async run(): Promise<Outcome> {
    await this.#answer(undefined);
    for (let count = 0; count < MAX_COMMANDS; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one command after the other
      const line = await readLine(this.session, this.timeout, (next, all) => this.#taken(next, all));
      // oxlint-disable-next-line no-await-in-loop -- one command after the other
      const outcome = typeof line === "string" ? this.#withoutLine(line) : await this.#command(line);
      if (outcome !== undefined) return outcome;
    }
    return this.#end(this.protocol.tooMany);
  }

  #withoutLine(why: NoLine): Outcome {
    if (why === "left" && this.#wasRefused) return "refused";
    return why === "long" ? this.#end(this.protocol.tooLong) : "continues";
  }

  /** @returns undefined: the next command follows */
  async #command({ text, bytes }: Line): Promise<Outcome | undefined> {
    const { protocol } = this;
    const step = this.#stepOf(text);
    if (step === "begin" || step === "continue") {
      if (step === "begin") this.#say([protocol.ready(text)]);
      return "continues";
    }
    if (step === "refuse") {
      this.#say([protocol.refusal(text)]);
      this.#wasRefused = true;
      return undefined;
    }
    this.upstream.write(bytes);
    await this.#answer(text);
    if (step === "pass") return undefined;
    return this.#wasRefused ? "refused" : "left";
  }

  #stepOf(text: string): Step | "continue" {
    const step = this.protocol.stepOf(text);
    return this.#isRequired || step === "begin" || step === "pass" ? step : "continue";
  }

  /** The bytes that a command takes off the client's data. */
  #taken({ bytes, text }: Line, all: Buffer): number {
    const step = this.#stepOf(text);
    // Drops the bytes after STARTTLS: they were not encrypted, and must not be treated as if they were (RFC 3207 section 6, CVE-2011-0411).
    if (step === "begin") return all.length;
    return step === "continue" ? 0 : bytes.length;
  }

  /** Passes on the upstream's answer to a command, or its greeting. */
  async #answer(command: string | undefined): Promise<void> {
    const { protocol, upstream, timeout } = this;
    const answer = await readAnswer(upstream, timeout, (line) => protocol.isLast(line, command));
    this.#say(protocol.offer(answer, command, this.#isRequired));
  }

  #say(lines: readonly string[]): void {
    this.session.reply(onTheWire(lines));
  }

  #end(lastWord: string): Outcome {
    if (!this.#isRequired) return "continues";
    this.#say([lastWord]);
    return "refused";
  }
}
