import { decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED } from "dns-packet";
import { bindUdp } from "../../support/with-echo-server.ts";

/** A name server that knows every name: it is this machine, for an hour. */
export async function answerNames(): Promise<{ port: number; close(): void }> {
  const socket = await bindUdp();
  socket.on("message", (datagram, from) => {
    const { id = 0, questions: [question] = [] } = decode(datagram);
    if (question === undefined) return;
    const { name, type } = question;
    const answers = type === "A" ? [{ type: "A" as const, name, ttl: 3600, data: "127.0.0.1" }] : [];
    const flags = RECURSION_DESIRED | RECURSION_AVAILABLE;
    socket.send(encode({ type: "response", id, flags, questions: [question], answers }), from.port, from.address);
  });
  return { port: socket.address().port, close: () => void socket.close() };
}
