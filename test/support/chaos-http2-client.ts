import { connect, constants, type ClientHttp2Session } from "node:http2";
import { setTimeout as pause } from "node:timers/promises";
import type { ChaosConnection, Got } from "./chaos-http-answers.ts";
import { uploadOf, type HttpAsk } from "./chaos-http-upstream.ts";
import { patternAt } from "./pattern.ts";

/** Sends the requests of a connection, each on a stream. @returns what came for each, by number */
export async function askHttp2(port: number, { asks, slow }: ChaosConnection): Promise<Map<number, Got>> {
  const session = connect(`http://127.0.0.1:${port}`).on("error", () => undefined);
  const got = new Map<number, Got>();
  const running: Promise<void>[] = [];
  for (const [id, given] of asks) {
    // oxlint-disable-next-line no-await-in-loop -- they begin one after the other, and go on side by side
    if (given.ms > 0) await pause(given.ms);
    running.push(streamOf(session, id, given, slow).then((each) => void (each === undefined ? undefined : got.set(id, each))));
  }
  await Promise.all(running);
  const closed = new Promise((resolve) => session.once("close", resolve));
  session.destroy();
  await closed;
  return got;
}

function streamOf(session: ClientHttp2Session, id: number, given: HttpAsk, slow: boolean): Promise<Got | undefined> {
  const { method, up, trailers, chunked, fate } = given;
  const length = chunked || up === 0 ? {} : { "content-length": up };
  const waitForTrailers = trailers && chunked && up > 0;
  const stream = session.request(
    { ":method": method, ":path": "/", "x-ask": id, te: "trailers", ...length },
    { endStream: up === 0, waitForTrailers },
  );
  const chunks: Buffer[] = [];
  let [fields, sums, ended]: [Got["fields"] | undefined, Got["trailers"], boolean] = [undefined, {}, false];
  stream.on("error", () => undefined).on("wantTrailers", () => void stream.sendTrailers({ "x-sum": id }));
  stream
    .on("response", (head) => (fields = head))
    .on("trailers", (given_) => (sums = given_))
    .on("end", () => (ended = true));
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (!slow) return;
    stream.pause();
    setTimeout(() => stream.resume(), 1);
  });
  const body = patternAt(uploadOf(id), up);
  if (fate === "client breaks off its body")
    stream.write(body.subarray(0, Math.floor(up / 2)), () => void stream.close(constants.NGHTTP2_CANCEL));
  else if (up > 0) stream.end(body);
  if (fate === "client cancels") setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 1);
  return new Promise((resolve) => {
    stream.once("close", () => {
      const whole = ended && stream.rstCode === 0;
      resolve(fields && { status: Number(fields[":status"]), fields, trailers: sums, body: Buffer.concat(chunks), whole });
    });
  });
}
