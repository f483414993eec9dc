import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Faults } from "./faults.ts";

const tell: RequestListener = (request, response) => {
  const { method, url, headers } = request;
  void buffer(request).then(
    (body) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ method, url, headers, body: body.toString() }));
    },
    // The client has left in the middle of its request.
    () => response.destroy(),
  );
};

/** Serves HTTP/1.1 on connections that are accepted elsewhere. */
export function httpBehaviour(faults: Faults, respond: RequestListener = tell): (socket: Socket) => void {
  const server = createServer((request, response) => {
    faults.guard(request.socket, () => respond(request, response));
  });
  return (socket) => void server.emit("connection", socket);
}
