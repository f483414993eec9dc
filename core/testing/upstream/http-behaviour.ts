import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Faults } from "./faults.ts";
import type { TestResponse, UpstreamTestOptions } from "./test-upstream.ts";

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
export function httpBehaviour(faults: Faults, respond: NonNullable<UpstreamTestOptions["respond"]> = tell): (socket: Socket) => void {
  const server = createServer((request, response) => {
    faults.guard(request.socket, () => {
      const given: unknown = respond(request, response);
      if (!(given instanceof Promise)) return send(given, response);
      return given.then((answer: unknown) => {
        send(answer, response);
      });
    });
  });
  return (socket) => void server.emit("connection", socket);
}

/** Sends an answer that a function of the test has returned. Other values mean that it writes the answer itself. */
function send(given: unknown, response: ServerResponse): void {
  if (!isAnswer(given)) return;
  const { status, headers = {}, body } = given;
  response.writeHead(status, headers).end(body);
}

function isAnswer(given: unknown): given is TestResponse {
  return typeof given === "object" && given !== null && "status" in given && typeof given.status === "number";
}
