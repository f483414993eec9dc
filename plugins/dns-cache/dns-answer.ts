import { withoutPrivateOptions } from "./dns-edns.ts";
import { HEADER, nameAt, TYPE, type DnsLayout, type RecordPlace } from "./dns-layout.ts";
import { rotate, rotationsOf, type Rotation } from "./rotation.ts";
import type { DnsQuestion } from "./dns-question.ts";
import type { DnsCacheOptions } from "./options.ts";

/** An answer that serves every client with the same question. Its bytes are patched, never encoded again. */
export interface DnsAnswer {
  readonly message: Buffer;
  readonly ttls: readonly { readonly at: number; readonly seconds: number }[];
  /** Milliseconds for which it may be used again; 0: not at all. */
  readonly lifetime: number;
  /** Whether it says nothing about the name, such as SERVFAIL and REFUSED: an older answer is better, and it is never served stale itself. */
  readonly failure: boolean;
  /** Groups of addresses whose order rotates. */
  readonly rotations: readonly Rotation[];
  /** How often it was served. */
  turn: number;
}

const NOERROR = 0;
const SERVFAIL = 2;
const NXDOMAIN = 3;
const TC = 0x0200;
/** RFC 2308 section 7.1 allows five minutes, but keeping a failure for more than a few seconds helps nobody. */
const LONGEST_FAILURE = 5_000;

/** Makes the shared form of an answer, with the time for which it may be kept. */
export function answerOf(message: Buffer, layout: DnsLayout, options: DnsCacheOptions): DnsAnswer {
  const copy = withoutPrivateOptions(message, layout);
  const rcode = rcodeOf(layout);
  const failure = rcode !== NOERROR && rcode !== NXDOMAIN;
  const lifetime = copy === undefined ? 0 : lifetimeOf(message, layout, options);
  const negative = rcode !== NOERROR || !layout.records.some(({ section }) => section === "answer");
  const seconds = (ttl: number): number =>
    negative
      ? Math.min(ttl, Math.floor(lifetime / 1_000))
      : Math.floor(Math.min(Math.max(ttl * 1_000, options.minTtl), options.maxTtl) / 1_000);
  const timed = lifetime === 0 ? [] : layout.records.filter(({ type }) => type !== TYPE.OPT);
  const ttls = timed.map(({ ttlAt, ttl }) => ({ at: ttlAt, seconds: seconds(ttl) }));
  return { message: copy ?? Buffer.from(message), ttls, lifetime, failure, rotations: rotationsOf(message, layout), turn: 0 };
}

/** @param age seconds since the answer came, or `stale`: the TTL to write instead */
export function renderAnswer(answer: DnsAnswer, question: DnsQuestion, age: number | { readonly stale: number }): Buffer {
  const message = Buffer.from(answer.message);
  message.writeUInt16BE(question.id, 0);
  question.bytes.copy(message, HEADER);
  for (const { at, seconds } of answer.ttls) {
    message.writeUInt32BE(typeof age === "number" ? Math.max(0, seconds - age) : age.stale, at);
  }
  if (answer.rotations.length > 0) rotate(message, answer);
  return message;
}

/** The answer SERVFAIL for a question. */
export function failureFor(question: Pick<DnsQuestion, "id" | "bytes" | "recursionDesired">): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(0x8080 | (question.recursionDesired ? 0x0100 : 0) | SERVFAIL, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, question.bytes]);
}

/** The limit of aliases, more than any resolver follows. */
const MOST_ALIASES = 64;

/** Whether the aliases in an answer form a loop or a very long chain: a resolver that follows them might not end. */
export function hasAliasLoop(message: Buffer, { records }: DnsLayout): boolean {
  const found = records.filter(({ section, type }) => section === "answer" && type === TYPE.CNAME);
  if (found.length > MOST_ALIASES) return true;
  const aliases = new Map<string, string>();
  for (const { at, dataAt } of found) {
    const [alias, name] = [nameAt(message, at), nameAt(message, dataAt)];
    if (alias === undefined || name === undefined) return true;
    aliases.set(alias, name);
  }
  for (const start of aliases.keys()) {
    let name: string | undefined = start;
    for (let steps = 0; name !== undefined; steps += 1) {
      if (steps > aliases.size) return true;
      name = aliases.get(name);
    }
  }
  return false;
}

function lifetimeOf(message: Buffer, layout: DnsLayout, options: DnsCacheOptions): number {
  const rcode = rcodeOf(layout);
  if ((layout.flags & TC) !== 0) return 0;
  if (rcode === SERVFAIL) return Math.min(options.negativeTtl, LONGEST_FAILURE);
  if (rcode !== NOERROR && rcode !== NXDOMAIN) return 0;
  const answers = layout.records.filter(({ section }) => section === "answer");
  const authority = layout.records.filter(({ section }) => section === "authority");
  const soa = authority.find(({ type }) => type === TYPE.SOA);
  const found = answers.some(({ type }) => type === layout.questionType);
  const positive = Math.min(...answers.map(({ ttl }) => ttl)) * 1_000;
  // Aliases that end at a name without the requested records are a negative answer too (RFC 2308 section 2.2).
  if (rcode === NXDOMAIN || answers.length === 0 || (soa !== undefined && !found)) {
    return Math.min(positive, negativeLifetime(message, soa, authority, options), options.maxTtl);
  }
  return positive === 0 ? 0 : Math.min(Math.max(positive, options.minTtl), options.maxTtl);
}

/** RFC 2308 section 5: the smaller of the SOA record's TTL and its MINIMUM field. */
function negativeLifetime(
  message: Buffer,
  soa: RecordPlace | undefined,
  authority: readonly RecordPlace[],
  options: DnsCacheOptions,
): number {
  if (soa !== undefined && soa.end - soa.dataAt >= 22) return Math.min(soa.ttl, message.readUInt32BE(soa.end - 4)) * 1_000;
  // NS records without a SOA record are a referral, which is not an answer.
  return authority.some(({ type }) => type === TYPE.NS) ? 0 : options.negativeTtl;
}

/** The response code, with the upper bits that EDNS adds (RFC 6891 section 6.1.3). */
function rcodeOf({ flags, records }: DnsLayout): number {
  const opt = records.find(({ type }) => type === TYPE.OPT);
  return (flags & 0xf) | ((opt === undefined ? 0 : opt.ttl >>> 24) << 4);
}
