import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ClientDuplexStream,
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { expect } from "chai";
import { each } from "sluice/flow";
import { logging, tlsTermination } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { passThrough, startInFront } from "../support/real-peer.ts";
import { plugin } from "../support/with-proxy.ts";

const bytesOf = (message: string): Buffer => Buffer.from(message);
const text = {
  requestSerialize: bytesOf,
  requestDeserialize: String,
  responseSerialize: bytesOf,
  responseDeserialize: String,
} as const;
const service = {
  say: { path: "/test.Echo/Say", requestStream: false, responseStream: false, ...text },
  talk: { path: "/test.Echo/Talk", requestStream: true, responseStream: true, ...text },
} as unknown as ServiceDefinition;

interface Client {
  say(message: string, metadata: Metadata, done: (error: ServiceError | null, answer: string) => void): void;
  talk(): ClientDuplexStream<string, string>;
  close(): void;
}

const say: handleUnaryCall<string, string> = (call, done) => {
  call.sendMetadata(call.metadata.clone());
  if (call.request === "fail") done({ code: status.FAILED_PRECONDITION, details: "as asked" });
  else done(null, `you said ${call.request}`, trailersOf("sum", "7"));
};

const talk: handleBidiStreamingCall<string, string> = (call) => {
  call.on("data", (message: string) => call.write(message.toUpperCase()));
  call.on("end", () => {
    call.end();
  });
};

function trailersOf(name: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(name, value);
  return metadata;
}

/** gRPC is HTTP/2 to its end, so it passes listeners without http(). */
describe("gRPC", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  let endpoint: string;

  before(async () => {
    const server = new Server();
    server.addService(service, { say, talk });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    cleanup.add(() => {
      server.forceShutdown();
    });
    endpoint = `127.0.0.1:${port}`;
  });
  after(() => cleanup.run());

  const ways = {
    "as bytes": async (): Promise<Client> => {
      const plugins = [...passThrough(), plugin("seen", { fromClient: (data) => data.pipe(each((chunk) => chunk)) })];
      const { port } = await startInFront(cleanup, { web: { listen: "tcp://127.0.0.1:0", upstream: endpoint, plugins } });
      return open(`127.0.0.1:${port()}`, credentials.createInsecure());
    },
    "behind TLS that is terminated with ALPN h2": async (): Promise<Client> => {
      const certificate = await createCertificate("localhost");
      const plugins = [logging(), tlsTermination({ ...certificate, alpn: ["h2"] })];
      const { port } = await startInFront(cleanup, { web: { listen: "tls://127.0.0.1:0", upstream: endpoint, plugins } });
      return open(`localhost:${port()}`, credentials.createSsl(Buffer.from(certificate.cert)));
    },
  };

  function open(address: string, secrets: ReturnType<typeof credentials.createInsecure>): Client {
    const Constructor = makeGenericClientConstructor(service, "Echo");
    const client = new Constructor(address, secrets) as unknown as Client;
    cleanup.add(() => {
      client.close();
    });
    return client;
  }

  for (const [way, connect] of Object.entries(ways)) {
    it(`passes ${way}: unary calls, with metadata and errors`, async () => {
      const client = await connect();
      const ask = (message: string): Promise<string> =>
        new Promise((resolve, reject) => {
          client.say(message, trailersOf("key", "value"), (error, answer) => {
            if (error === null) resolve(answer);
            else reject(error);
          });
        });
      const answers = await bounded(Promise.all(Array.from({ length: 50 }, (_, at) => ask(`hello ${at}`))), "fifty answers", 20_000);
      expect(answers).to.deep.equal(Array.from({ length: 50 }, (_, at) => `you said hello ${at}`));
      expect(await ask("x".repeat(1_000_000))).to.have.lengthOf(1_000_009);
      expect(await ask("fail").catch(String)).to.include("FAILED_PRECONDITION: as asked");
    });

    it(`passes ${way}: streams in both directions at once`, async () => {
      const client = await connect();
      const call = client.talk();
      const got: string[] = [];
      call.on("data", (message: string) => {
        got.push(message);
        // One after the other, so that each goes there and back before the next.
        if (got.length < 100) call.write(`message ${got.length}`);
        else call.end();
      });
      call.write("message 0");
      await bounded(new Promise((resolve, reject) => call.once("end", resolve).once("error", reject)), "the stream's end", 20_000);
      expect(got).to.deep.equal(Array.from({ length: 100 }, (_, at) => `MESSAGE ${at}`));
    });
  }
});
