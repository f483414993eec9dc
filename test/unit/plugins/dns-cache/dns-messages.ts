import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, type Answer, type DecodedPacket } from "dns-packet";
import { of, Subject } from "rxjs";
import type { Session } from "sluice";
import { dnsCache } from "sluice/plugins";
import { DnsCache } from "../../../../plugins/dns-cache/dns-cache.ts";
import type { DnsCacheOptions } from "../../../../plugins/dns-cache/options.ts";
import { FakeLeg } from "../../../support/fake-leg.ts";
import { createMetrics, createPlace, createSession, ManualClock, parseOptions, type FakeSession } from "../support/fakes.ts";

export interface QueryOptions {
  readonly flags?: number;
  readonly type?: "A" | "AAAA" | "ANY";
  readonly edns?: { readonly size?: number; readonly flags?: number; readonly cookie?: string };
}

/** A DNS query, encoded. */
export function query(id: number, name = "www.example.test", { flags = RECURSION_DESIRED, type = "A", edns }: QueryOptions = {}): Buffer {
  const additionals = edns === undefined ? [] : [opt(edns.size, edns.flags, edns.cookie)];
  return encode({ type: "query", id, flags, questions: [{ type: type as "A", name }], additionals });
}

/** An OPT record, as both sides send it. */
export function opt(size = 1_232, flags = 0, cookie?: string): Answer {
  const options = cookie === undefined ? [] : [{ code: 10 as never, data: Buffer.from(cookie) }];
  return { type: "OPT", name: ".", udpPayloadSize: size, flags, extendedRcode: 0, ednsVersion: 0, flag_do: false, options };
}

export interface AnswerOptions {
  readonly rcode?: number;
  readonly flags?: number;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
  readonly additionals?: Answer[];
}

/** The answer to a query, encoded; by default one address with a TTL of 300. */
export function answerTo(asked: Buffer, options: AnswerOptions = {}): Buffer {
  const { id, questions } = decode(asked);
  const name = questions?.[0]?.name ?? ".";
  const { rcode = 0, flags = 0, ...sections } = options;
  const all = RECURSION_DESIRED | RECURSION_AVAILABLE | flags | rcode;
  const answers: Answer[] = [{ type: "A", name, ttl: 300, data: "192.0.2.1" }];
  return encode({ type: "response", id, flags: all, questions, answers, ...sections });
}

export const soa = (ttl: number, minimum: number): Answer => ({
  type: "SOA",
  name: "example.test",
  ttl,
  data: { mname: "ns.example.test", rname: "root.example.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});

/** One client of a DNS listener, and the upstream as its session sees it. */
export interface DnsClient extends FakeSession {
  /** What reached the upstream. */
  readonly asked: Buffer[];
  /** What reached the client. */
  readonly got: Buffer[];
  send(datagram: Buffer): void;
  reply(datagram: Buffer): void;
  /** The TTLs of the last answer that the client got. */
  ttls(): (number | undefined)[];
  last(): DecodedPacket;
}

export interface DnsBench {
  readonly clock: ManualClock;
  readonly plugin: DnsCache;
  readonly client: () => DnsClient;
}

/** A DNS listener without sockets. */
export function createDnsBench(input: object = {}, clock = new ManualClock()): DnsBench {
  const plugin = new DnsCache(parseOptions<DnsCacheOptions>(dnsCache, input), clock, createMetrics(), createPlace("udp"));
  return { clock, plugin, client: () => connect(plugin, createSession({ transport: "udp" })) };
}

/** Puts a session through a plugin's byte hooks, as a generation does: also for one that has run another's before. */
export function connect(plugin: DnsCache, fake: FakeSession): DnsClient {
  const fromClient = new Subject<Buffer>();
  const fromUpstream = new Subject<Buffer>();
  const asked: Buffer[] = [];
  const got: Buffer[] = [];
  const session: Session = fake.session;
  // What a QueryLeg makes of the datagrams is another test's: here they pass as the hooks gave them.
  plugin.connect?.(of({ endpoint: "192.0.2.53:53", leg: new FakeLeg() }), session).subscribe();
  plugin.fromUpstream(fromUpstream, session).subscribe((datagram) => got.push(datagram));
  plugin.fromClient(fromClient, session).subscribe((datagram) => asked.push(datagram));
  const last = (): DecodedPacket => decode(got.at(-1) ?? Buffer.alloc(0));
  return {
    ...fake,
    asked,
    got,
    send: (datagram) => {
      fromClient.next(datagram);
    },
    reply: (datagram) => {
      fromUpstream.next(datagram);
    },
    last,
    ttls: () => (last().answers ?? []).map((record) => ("ttl" in record ? record.ttl : undefined)),
  };
}
