import { layoutOf, TYPE, type RecordPlace } from "./dns-layout.ts";
import { optionsOf, PRIVATE_OPTIONS } from "./dns-edns.ts";

/** A query that the cache may answer. */
export interface DnsQuestion {
  readonly id: number;
  /** The same for all queries that one answer can serve. */
  readonly key: string;
  /** Name, type and class as the client wrote them: some clients mix upper and lower case so that they recognize the answer to their own question. */
  readonly bytes: Buffer;
  readonly recursionDesired: boolean;
}

const QR_OPCODE_TC = 0xfa00;
const RD = 0x0100;
const RD_AD_CD = 0x0130;
const INTERNET = 1;

/** @returns undefined for datagrams that the cache passes on: anything but a plain, readable query with one question */
export function questionOf(datagram: Buffer): DnsQuestion | undefined {
  const layout = layoutOf(datagram);
  if (layout === undefined || (layout.flags & QR_OPCODE_TC) !== 0) return undefined;
  const { question, questionType, records, flags, id } = layout;
  // OPT, zone transfers, TSIG, mail agents and ANY cannot be answered from a cache.
  if (questionType === TYPE.OPT || (questionType >= 249 && questionType <= 255)) return undefined;
  if (question.readUInt16BE(question.length - 2) !== INTERNET) return undefined;
  const edns = ednsKey(datagram, records);
  if (edns === undefined) return undefined;
  const bytes = Buffer.from(question);
  return { id, bytes, recursionDesired: (flags & RD) !== 0, key: `${lowerCase(bytes)} ${flags & RD_AD_CD} ${edns}` };
}

/** The name in lower case, with type and class unchanged. Lengths of labels are smaller than "A", so only letters change. */
export function lowerCase(question: Buffer): string {
  const name = question.subarray(0, -4);
  const lower = name.toString("latin1").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return `${lower}${question.subarray(-4).toString("latin1")}`;
}

/** The parts of EDNS (RFC 6891) that change the answer: payload size, version and flags, options. */
function ednsKey(datagram: Buffer, records: readonly RecordPlace[]): string | undefined {
  const [opt, another] = records;
  if (opt === undefined) return "";
  const version = (opt.ttl >>> 16) & 0xff;
  if (another !== undefined || opt.section !== "additional" || opt.type !== TYPE.OPT || version !== 0) return undefined;
  const options = optionsOf(datagram.subarray(opt.dataAt, opt.end));
  if (options === undefined) return undefined;
  const shared = options.filter(({ code }) => !PRIVATE_OPTIONS.has(code)).map(({ bytes }) => bytes.toString("latin1"));
  return `${opt.class} ${opt.ttl} ${shared.join("")}`;
}
