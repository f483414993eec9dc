import { isIPv6 } from "node:net";

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/** The parts of a header of version 2, each of which a test may make wrong. */
export interface Version2 {
  /** @default "192.0.2.1" */
  readonly source?: string;
  /** @default 50000 */
  readonly port?: number;
  /** @default 0x21, PROXY of version 2 */
  readonly command?: number;
  /** @default that of the source, as a stream */
  readonly family?: number;
  readonly tlvs?: Buffer;
  /** Written as the length. @default what it is */
  readonly length?: number;
}

/** A header of version 2, from a source to a destination of its family. */
export function version2({ source = "192.0.2.1", port = 50_000, tlvs = Buffer.alloc(0), ...rest }: Version2 = {}): Buffer {
  const six = isIPv6(source);
  const addresses = six ? [ipv6Bytes(source), ipv6Bytes("2001:db8::ff")] : [ipv4Bytes(source), ipv4Bytes("198.51.100.1")];
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(port, 0);
  ports.writeUInt16BE(443, 2);
  const body = Buffer.concat([...addresses, ports, tlvs]);
  return head({ command: rest.command ?? 0x21, family: rest.family ?? (six ? 0x21 : 0x11), body, length: rest.length ?? body.length });
}

/** Any header of version 2, with a body of one's own. */
export function head(parts: { command: number; family: number; body: Buffer; length?: number }): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(parts.length ?? parts.body.length);
  return Buffer.concat([SIGNATURE, Buffer.of(parts.command, parts.family), length, parts.body]);
}

/** One extension. */
export function tlv(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  const header = Buffer.alloc(3);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

/** A line of version 1. */
export const version1 = (source = "192.0.2.1"): string =>
  isIPv6(source) ? `PROXY TCP6 ${source} 2001:db8::ff 50000 443\r\n` : `PROXY TCP4 ${source} 198.51.100.1 50000 443\r\n`;

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split(".").map(Number));

function ipv6Bytes(address: string): Buffer {
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text = ""): number[] => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const zeros = Array<number>(8 - groups(left).length - groups(right).length).fill(0);
  return Buffer.from([...groups(left), ...zeros, ...groups(right)].flatMap((group) => [group >> 8, group & 0xff]));
}
