// The yardstick of HTTP/2 to upstreams: Node's own server of HTTP/1.1 in front of Node's own client of HTTP/2. node http2-client.js LISTEN UPSTREAM
import { createServer, type IncomingMessage } from "node:http";
import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";

const [listen, upstream] = process.argv.slice(2).map(Number);
const origin = `http://127.0.0.1:${upstream}`;
const ofConnection = new Set(["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"]);

let session = connected();

function connected(): ReturnType<typeof connect> {
  const made = connect(origin);
  made.on("error", () => undefined);
  return made;
}

const server = createServer((request, response) => {
  if (session.closed || session.destroyed) session = connected();
  const hasBody = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  const stream = session.request(askedWith(request), { endStream: !hasBody });
  stream.on("response", (headers) => {
    response.writeHead(headers[":status"] ?? 502, answeredWith(headers));
    stream.pipe(response);
  });
  stream.on("trailers", (trailers) => {
    response.addTrailers(answeredWith(trailers));
  });
  stream.on("error", () => response.destroy());
  response.on("close", () => {
    if (!response.writableFinished) stream.close();
  });
  if (hasBody) request.pipe(stream);
});
server.keepAliveTimeout = 60_000;
server.listen({ port: listen, host: "127.0.0.1", backlog: 4096 });

/** The end-to-end fields, and who asks, as any proxy tells it. */
function askedWith({ method, url, headers, socket }: IncomingMessage): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = { ":method": method, ":path": url, ":scheme": "http", ":authority": headers.host };
  for (const name in headers) if (!ofConnection.has(name) && name !== "host") fields[name] = headers[name];
  fields["x-forwarded-for"] = socket.remoteAddress;
  return fields;
}

function answeredWith(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !name.startsWith(":")) fields[name] = value;
  }
  return fields;
}
