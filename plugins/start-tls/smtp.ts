import { commandByCommand, type Step } from "./commands.ts";
import type { Conversation } from "./conversation.ts";

/** What is done with a command: the first row that matches. RSET, HELO and HELP change nothing that TLS protects, and clients send them. */
const steps: readonly (readonly [RegExp, Step])[] = [
  [/^STARTTLS\s*$/i, "begin"],
  [/^(EHLO|HELO|NOOP|RSET|HELP)\b/i, "pass"],
  [/^QUIT\b/i, "leave"],
];

/** SMTP (RFC 3207): the upstream's banner and its answer to EHLO are passed on, with STARTTLS added. */
export const smtp: Conversation = commandByCommand({
  stepOf: (command) => steps.find(([pattern]) => pattern.test(command))?.[1] ?? "refuse",
  // The last line of a reply has a space or nothing after its code (RFC 5321 section 4.2.1).
  isLast: (line) => !/^\d{3}-/.test(line),
  offer: (answer, command, isRequired) =>
    command !== undefined && /^EHLO\b/i.test(command) && answer.at(-1)?.startsWith("250") === true
      ? withStartTls(answer, isRequired)
      : answer,
  ready: () => "220 2.0.0 Ready to start TLS",
  // RFC 3207 section 4.
  refusal: (command) =>
    /^STARTTLS\s/i.test(command) ? "501 5.5.4 STARTTLS has no parameters" : "530 5.7.0 Must issue a STARTTLS command first",
  tooMany: "421 4.7.0 Too many commands before STARTTLS",
  tooLong: "500 5.5.2 The line is too long",
});

/** Adds STARTTLS as the last keyword. Where TLS is required, AUTH is not offered before it: it would be refused. */
function withStartTls(answer: readonly string[], isRequired: boolean): readonly string[] {
  const hidden = isRequired ? /^(STARTTLS|AUTH[ =].*|AUTH)$/i : /^STARTTLS$/i;
  const [name = "", ...keywords] = answer.map((line) => line.slice(4).trimEnd());
  return [...[name, ...keywords.filter((keyword) => !hidden.test(keyword))].map((text) => `250-${text}`), "250 STARTTLS"];
}
