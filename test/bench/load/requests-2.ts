import { connect } from "node:http2";
import type { StartLoad } from "./load-options.ts";
import { answer } from "./requests.ts";
import { serve } from "./stream-ends.ts";

/** Streams at once on each connection. */
const streams = 8;

/** HTTP/2 on connections that are kept: each has eight requests without a body on their way. The upstream speaks HTTP/1.1. */
export const startRequests2: StartLoad = async ({ connections }, { proxy, upstream }, gate) => {
  let units = 0;
  let errors = 0;
  await serve(upstream, answer);
  const opened: Promise<void>[] = [];
  for (let index = 0; index < connections; index += 1) {
    const client = connect(`http://127.0.0.1:${proxy}`);
    client.on("error", () => (errors += 1));
    const send = (): void => {
      const request = client.request({ ":path": "/", "user-agent": "load", accept: "*/*" });
      let status = 0;
      request.on("response", (headers) => (status = headers[":status"] ?? 0));
      request.on("error", () => (errors += 1));
      request.on("end", () => {
        if (status === 200) units += 1;
        else errors += 1;
        gate.pass(send);
      });
      request.resume();
    };
    opened.push(
      new Promise((resolve) => {
        client.once("connect", () => {
          for (let stream = 0; stream < streams; stream += 1) gate.pass(send);
          resolve();
        });
      }),
    );
  }
  return { units: () => units, errors: () => errors, lost: () => 0, ready: Promise.all(opened).then(() => undefined) };
};
