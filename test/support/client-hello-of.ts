import { Duplex } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";
import { bounded } from "./bounded.ts";

const RECORD_HEADER = 5;

/** The ClientHello that Node sends, as a handshake message without its record. */
export async function clientHelloOf(options: ConnectionOptions): Promise<Buffer> {
  let sent = (_bytes: Buffer): void => undefined;
  const first = new Promise<Buffer>((resolve) => (sent = resolve));
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      sent(chunk);
      done();
    },
  });
  const socket = connect({ socket: wire, minVersion: "TLSv1.3", ...options });
  socket.on("error", () => undefined);
  const record = await bounded(first, "a ClientHello");
  socket.destroy();
  return record.subarray(RECORD_HEADER, RECORD_HEADER + record.readUInt16BE(3));
}
