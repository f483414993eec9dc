import { expect } from "chai";
import { Socket } from "node:net";
import { parseEndpoint } from "../../../../core/contract/index.ts";
import { handshake } from "../../../../core/net/dial/upstream-handshake.ts";
import type { UpstreamTls } from "../../../../core/net/dial/upstream-tls.ts";

describe("the TLS handshake with an upstream", () => {
  it("fails, and closes the socket, if TLS cannot even begin", () => {
    const socket = new Socket();
    const failure = new Error("no TLS today");
    const tls: UpstreamTls = {
      startTls: undefined,
      version: 0,
      wrap: () => {
        throw failure;
      },
    };
    const failures: unknown[] = [];
    const giveUp = handshake(socket, tls, {
      endpoint: parseEndpoint("127.0.0.1:443"),
      place: "127.0.0.1:443",
      protocols: undefined,
      wire: () => undefined,
      began: () => undefined,
      opened: () => expect.fail("it opened"),
      failed: (error) => failures.push(error),
    });
    expect(failures).to.deep.equal([failure]);
    expect(socket.destroyed).to.equal(true);
    expect(giveUp).not.to.throw();
  });
});
