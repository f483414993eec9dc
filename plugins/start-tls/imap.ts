import { commandByCommand, type Step } from "./commands.ts";
import type { Conversation } from "./conversation.ts";

/** A tag and a command (RFC 9051 section 2.2.1). */
const form = /^([^\s+*(){%"\\]{1,64}) ([A-Z]+)(\s.*)?$/i;

/** What is done with a command that has no arguments. */
const steps: Readonly<Record<string, Step>> = { STARTTLS: "begin", CAPABILITY: "pass", NOOP: "pass", LOGOUT: "leave" };

/** IMAP (RFC 9051 section 6.2.1): the upstream's greeting and capabilities are passed on, with STARTTLS added. */
export const imap: Conversation = commandByCommand({
  stepOf: (command) => {
    const { name, hasArguments } = parse(command);
    return hasArguments ? "refuse" : (steps[name] ?? "refuse");
  },
  isLast: (line, command) => line.startsWith(command === undefined ? "* " : `${parse(command).tag} `),
  offer: (answer, _command, isRequired) => answer.map((line) => withStartTls(line, isRequired)),
  ready: (command) => `${parse(command).tag} OK Begin TLS negotiation now`,
  refusal: (command) => {
    const { tag, name } = parse(command);
    if (tag === "*") return "* BAD A command begins with a tag";
    // RFC 5530 section 3.
    return name === "STARTTLS" ? `${tag} BAD STARTTLS has no arguments` : `${tag} NO [PRIVACYREQUIRED] Begin TLS first, with STARTTLS`;
  },
  tooMany: "* BYE Too many commands before STARTTLS",
  tooLong: "* BYE The line is too long",
});

/** The parts of a command; the tag is `*` if it has none. */
function parse(command: string): { readonly tag: string; readonly name: string; readonly hasArguments: boolean } {
  const [, tag = "*", name = "", rest = ""] = form.exec(command) ?? [];
  return { tag, name: name.toUpperCase(), hasArguments: rest.trim() !== "" };
}

/** Adds the capability to a line that lists capabilities. Where TLS is required, the ways to log in are not offered before it (RFC 3501 section 6.2.3). */
function withStartTls(line: string, isRequired: boolean): string {
  const list = /^(\* CAPABILITY|\S+ OK \[CAPABILITY|\* PREAUTH \[CAPABILITY)\b([^\]]*)/i.exec(line);
  if (list === null) return line;
  const [whole, begin = "", capabilities = ""] = list;
  const hidden = isRequired ? /^(STARTTLS|AUTH=.*)$/i : /^STARTTLS$/i;
  const shown = capabilities.split(" ").filter((capability) => capability !== "" && !hidden.test(capability));
  if (isRequired && !shown.includes("LOGINDISABLED")) shown.push("LOGINDISABLED");
  return [begin, "STARTTLS", ...shown].join(" ") + line.slice(whole.length);
}
