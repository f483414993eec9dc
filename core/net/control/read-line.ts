import type { Socket } from "node:net";

/**
 * The first line that a socket sends, without its line break.
 *
 * @throws if the socket ends or fails before the line is complete, or if the line is too long or comes too late
 */
export function readLine(socket: Socket, mostBytes: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      const end = chunk.indexOf("\n");
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
      bytes += chunk.length;
      if (bytes > mostBytes) fail(new Error(`a line of more than ${mostBytes} bytes`));
      else if (end >= 0) {
        clearTimeout(timer);
        socket.off("data", take).pause();
        resolve(Buffer.concat(chunks).toString("utf8"));
      }
    };
    socket.on("data", take);
    socket.once("error", fail);
    socket.once("close", () => {
      fail(new Error("the connection closed"));
    });
  });
}
