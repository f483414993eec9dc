import { HEADER, questionsEnd } from "./dns-layout.ts";
import { lowerCase } from "./dns-question.ts";

/** The parts of a query that its answer must repeat (RFC 5452 section 9.1). */
export interface QueryHead {
  readonly id: number;
  readonly opcode: number;
  /** The number of questions: normally one. */
  readonly count: number;
  /** The bytes of the questions: names, types and classes. */
  readonly bytes: Buffer;
  readonly recursionDesired: boolean;
}

const QR = 0x8000;
const OPCODE = 0x7800;
const RD = 0x0100;
const RCODE = 0xf;
const NXDOMAIN = 3;

/**
 * @returns undefined for a datagram that is not a DNS query with a question. The bytes after the questions are not checked: the server may
 * understand them.
 */
export function queryHeadOf(datagram: Buffer): QueryHead | undefined {
  const end = questionsEnd(datagram);
  if (end === undefined) return undefined;
  const flags = datagram.readUInt16BE(2);
  if ((flags & QR) !== 0) return undefined;
  return {
    id: datagram.readUInt16BE(0),
    opcode: flags & OPCODE,
    count: datagram.readUInt16BE(4),
    bytes: Buffer.from(datagram.subarray(HEADER, end)),
    recursionDesired: (flags & RD) !== 0,
  };
}

/** Whether a datagram looks like the answer to some query. */
export function isAnswer(datagram: Buffer): boolean {
  return questionsEnd(datagram) !== undefined && (datagram.readUInt16BE(2) & QR) !== 0;
}

/** Whether a datagram is an answer to the query that was sent with this id. Case is ignored: not every server keeps the case of a name. */
export function belongs(datagram: Buffer, id: number, head: QueryHead): boolean {
  if (datagram.length < HEADER || datagram.readUInt16BE(0) !== id) return false;
  if ((datagram.readUInt16BE(2) & (QR | OPCODE)) !== (QR | head.opcode)) return false;
  return isBareError(datagram) || repeatsQuestions(datagram, head);
}

function repeatsQuestions(datagram: Buffer, { count, bytes }: QueryHead): boolean {
  const end = questionsEnd(datagram);
  if (end === undefined || datagram.readUInt16BE(4) !== count) return false;
  const answered = datagram.subarray(HEADER, end);
  return answered.equals(bytes) || (count === 1 && answered.length === bytes.length && lowerCase(answered) === lowerCase(bytes));
}

/** The error with the question of its query, as it would be if the server had read it. */
export function withQuestion(bareError: Buffer, { bytes }: Pick<QueryHead, "bytes">): Buffer {
  const whole = Buffer.concat([bareError, bytes]);
  whole.writeUInt16BE(1, 4);
  return whole;
}

/** Whether it is a server's answer to a query that it cannot or will not read: an error without question and records. */
export function isBareError(datagram: Buffer): boolean {
  const rcode = datagram.readUInt16BE(2) & RCODE;
  return (
    datagram.length === HEADER && datagram.readUInt32BE(4) === 0 && datagram.readUInt32BE(8) === 0 && rcode !== 0 && rcode !== NXDOMAIN
  );
}
