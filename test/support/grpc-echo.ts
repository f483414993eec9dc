import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { bounded } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";

const bytesOf = (message: string): Buffer => Buffer.from(message);
const text = { requestSerialize: bytesOf, requestDeserialize: String, responseSerialize: bytesOf, responseDeserialize: String } as const;
const service = {
  say: { path: "/test.Echo/Say", requestStream: false, responseStream: false, ...text },
  count: { path: "/test.Echo/Count", requestStream: false, responseStream: true, ...text },
  sum: { path: "/test.Echo/Sum", requestStream: true, responseStream: false, ...text },
  deny: { path: "/test.Echo/Deny", requestStream: false, responseStream: true, ...text },
  talk: { path: "/test.Echo/Talk", requestStream: true, responseStream: true, ...text },
} as unknown as ServiceDefinition;

type Done = (error: ServiceError | null, answer?: string) => void;

export interface GrpcClient {
  say(message: string, metadata: Metadata, options: CallOptions, done: Done): ClientUnaryCall;
  count(message: string, metadata?: Metadata, options?: CallOptions): ClientReadableStream<string>;
  sum(metadata: Metadata, options: CallOptions, done: Done): ClientWritableStream<string>;
  /** Fails without a message and without metadata before: trailers only. */
  deny(message: string): ClientReadableStream<string>;
  talk(metadata?: Metadata, options?: CallOptions): ClientDuplexStream<string, string>;
  close(): void;
}

export interface GrpcServer {
  readonly endpoint: string;
  readonly port: number;
  readonly server: Server;
  /** Calls that came. */
  readonly calls: () => number;
  /** Calls that were cancelled. */
  readonly cancelled: () => number;
  /** Resolves at the next cancellation. */
  readonly cancellation: () => Promise<void>;
}

function metadataOf(fields: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

/** Starts a server of the four kinds of calls, which is stopped by the cleanup. */
export async function startGrpc(cleanup: Cleanup, secrets = ServerCredentials.createInsecure(), name = "said"): Promise<GrpcServer> {
  let calls = 0;
  let cancelled = 0;
  let told: (() => void)[] = [];
  const watch = (call: { on(event: "cancelled", listener: () => void): unknown }): void => {
    calls += 1;
    call.on("cancelled", () => {
      cancelled += 1;
      for (const each of told) each();
      told = [];
    });
  };
  const say: handleUnaryCall<string, string> = (call, done) => {
    watch(call);
    call.sendMetadata(call.metadata.clone());
    if (call.request === "fail") done({ code: status.FAILED_PRECONDITION, details: "as asked" });
    else if (call.request !== "never") done(null, `you ${name} ${call.request}`, metadataOf({ sum: "7" }));
  };
  const count: handleServerStreamingCall<string, string> = (call) => {
    watch(call);
    const most = Number(call.request);
    let at = 0;
    const go = (): void => {
      while (at < most) {
        at += 1;
        if (!call.write(`${at}`.padEnd(1_000, "."))) {
          call.once("drain", go);
          return;
        }
      }
      call.end(metadataOf({ sum: String(at) }));
    };
    go();
  };
  const sum: handleClientStreamingCall<string, string> = (call, done) => {
    watch(call);
    let bytes = 0;
    call.on("data", (message: string) => (bytes += message.length));
    call.on("end", () => {
      done(null, String(bytes));
    });
  };
  const talk: handleBidiStreamingCall<string, string> = (call) => {
    watch(call);
    call.on("data", (message: string) => call.write(message.toUpperCase()));
    call.on("end", () => {
      call.end();
    });
  };
  const server = new Server();
  const deny: handleServerStreamingCall<string, string> = (call) => {
    calls += 1;
    call.emit("error", { code: status.PERMISSION_DENIED, details: "not for you", metadata: metadataOf({ why: "because" }) });
  };
  server.addService(service, { say, count, sum, deny, talk });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", secrets, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  cleanup.add(() => {
    server.forceShutdown();
  });
  const cancellation = (): Promise<void> => new Promise((resolve) => told.push(resolve));
  return { endpoint: `127.0.0.1:${port}`, port, server, calls: () => calls, cancelled: () => cancelled, cancellation };
}

/** Opens a client; it is closed by the cleanup. */
export function openGrpc(cleanup: Cleanup, address: string, ca?: string): GrpcClient {
  const Constructor = makeGenericClientConstructor(service, "Echo");
  const secrets = ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(ca));
  const client = new Constructor(address, secrets) as unknown as GrpcClient;
  cleanup.add(() => {
    client.close();
  });
  return client;
}

/** A unary call. */
export function sayTo(
  client: GrpcClient,
  message: string,
  fields: Readonly<Record<string, string>> = {},
  options: CallOptions = {},
): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    client.say(message, metadataOf(fields), options, (error, given) => {
      if (error === null) resolve(given ?? "");
      else reject(error);
    });
  });
  return bounded(answer, "an answer of gRPC", 15_000);
}
