import type { EarlyUpstream, Session } from "sluice";
import { MAX_COMMANDS, type Conversation } from "./conversation.ts";
import { onTheWire, readAnswer, readLine } from "./lines.ts";

/** A tag and a command (RFC 9051 section 2.2.1). */
const command = /^(\S{1,64}) ([A-Z]+)\s*$/i;
const before = new Set(["CAPABILITY", "NOOP"]);

/** IMAP (RFC 9051 section 6.2.1): the upstream's greeting and capabilities are passed on, with STARTTLS added. */
export const imap: Conversation = async (session, timeout) => {
  const upstream = await session.openUpstream();
  session.reply(onTheWire((await readAnswer(upstream, timeout, (line) => line.startsWith("* "))).map(withStartTls)));
  for (let count = 0; count < MAX_COMMANDS; count += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one command after the other
    if (!(await converse(session, upstream, timeout))) return;
  }
};

/** @returns whether the conversation continues */
async function converse(session: Session, upstream: EarlyUpstream, timeout: number): Promise<boolean> {
  const line = await readLine(session, timeout, ({ bytes, text }, all) => {
    const name = nameOf(text);
    // Drops the bytes after STARTTLS: they were not encrypted, and must not be treated as if they were (CVE-2011-0411).
    if (name === "STARTTLS") return all.length;
    return before.has(name) ? bytes.length : 0;
  });
  if (line === undefined) return false;
  const [, tag = ""] = command.exec(line.text) ?? [];
  const name = nameOf(line.text);
  if (name === "STARTTLS") {
    session.reply(onTheWire([`${tag} OK Begin TLS negotiation now`]));
    return false;
  }
  if (!before.has(name)) return false;
  upstream.write(line.bytes);
  session.reply(onTheWire((await readAnswer(upstream, timeout, (answer) => answer.startsWith(`${tag} `))).map(withStartTls)));
  return true;
}

function nameOf(text: string): string {
  return (command.exec(text)?.[2] ?? "").toUpperCase();
}

/** Adds the capability to a line that lists capabilities. */
function withStartTls(line: string): string {
  if (/\bSTARTTLS\b/i.test(line)) return line;
  return line.replace(/^(\* CAPABILITY|\S+ OK \[CAPABILITY|\* PREAUTH \[CAPABILITY)\b/i, "$1 STARTTLS");
}
