/** Inputs that every plugin must accept: lines, numbers, characters of several bytes, invalid characters, and messages of protocols. */
export const inputs: readonly Buffer[] = [
  Buffer.from("Hello, world.\nA second line\r\n\r\nand no end"),
  Buffer.from("card 1234 5678 9012, pin 4711 or 0815"),
  Buffer.from("grüße 漢字 🎉 naïve … end"),
  Buffer.from([0, 1, 2, 0xff, 0xfe, 0, 0, 10, 13, 0x80, 0xc3, 0x28, 0xf0, 0x9f, 0x7f, 0x1b, 0xff, 0]),
  Buffer.from('{"a":[1,{"b":"c\\""}],"d":null}\n{"e":1'),
  Buffer.from("GET /a?b=c HTTP/1.1\r\nHost: example.org\r\n\r\nx"),
  Buffer.from("password=secret&x=$1; <b>${y}</b> %s \\"),
  Buffer.from("no line ends in all of these words, and none begins"),
];

/** An input that is larger than one chunk. */
export const large: Buffer = Buffer.from(Uint8Array.from({ length: 200_003 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));

/** The bytes in chunks of odd sizes. */
export function oddChunks(bytes: Buffer): Buffer[] {
  const sizes = [1, 1_460, 7, 16_384, 65_537, 2];
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
