import type { EarlyUpstream, Session } from "sluice";
import { MAX_COMMANDS, type Conversation } from "./conversation.ts";
import { onTheWire, readAnswer, readLine } from "./lines.ts";

/** The last line of a reply has a space or nothing after its code (RFC 5321 section 4.2.1). */
const isLast = (line: string): boolean => !/^\d{3}-/.test(line);
/** Commands that a client may send before TLS; with any other it continues without encryption. */
const before = /^(EHLO|HELO|NOOP|RSET|HELP)\b/i;

/** SMTP (RFC 3207): the upstream's banner and its answer to EHLO are passed on, with STARTTLS added. */
export const smtp: Conversation = async (session, timeout) => {
  const upstream = await session.openUpstream();
  session.reply(onTheWire(await readAnswer(upstream, timeout, isLast)));
  for (let count = 0; count < MAX_COMMANDS; count += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one command after the other
    if (!(await converse(session, upstream, timeout))) return;
  }
};

/** @returns whether the conversation continues */
async function converse(session: Session, upstream: EarlyUpstream, timeout: number): Promise<boolean> {
  const line = await readLine(session, timeout, ({ bytes, text }, all) => {
    // Drops the bytes after STARTTLS: they were not encrypted, and must not be treated as if they were (RFC 3207 section 6, CVE-2011-0411).
    if (isStartTls(text)) return all.length;
    return before.test(text) ? bytes.length : 0;
  });
  if (line === undefined) return false;
  if (isStartTls(line.text)) {
    session.reply(onTheWire(["220 2.0.0 Ready to start TLS"]));
    return false;
  }
  if (!before.test(line.text)) return false;
  upstream.write(line.bytes);
  const answer = await readAnswer(upstream, timeout, isLast);
  session.reply(onTheWire(/^EHLO\b/i.test(line.text) ? withStartTls(answer) : answer));
  return true;
}

function isStartTls(text: string): boolean {
  return /^STARTTLS\s*$/i.test(text);
}

/** Adds the keyword STARTTLS as the last line of a positive answer. */
function withStartTls(answer: readonly string[]): readonly string[] {
  const isOffered = answer.some((line) => /^250[- ]STARTTLS\s*$/i.test(line));
  if (isOffered || answer.at(-1)?.startsWith("250") !== true) return answer;
  return [...answer.map((line) => `250-${line.slice(4)}`), "250 STARTTLS"];
}
