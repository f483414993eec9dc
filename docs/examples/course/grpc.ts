// gRPC through a proxy: a call with one answer, a call with many, and an error, over HTTP/2 on both sides.
import { credentials, makeGenericClientConstructor, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  Client,
  ClientReadableStream,
  handleServerStreamingCall,
  handleUnaryCall,
  ServiceDefinition,
  ServiceError,
} from "@grpc/grpc-js";
import { createProxy } from "sluice";
import { http } from "sluice/plugins";

// What a .proto file would say. The messages are texts here, as they are.
const text = {
  requestSerialize: (message: string): Buffer => Buffer.from(message),
  requestDeserialize: String,
  responseSerialize: (message: string): Buffer => Buffer.from(message),
  responseDeserialize: String,
};
const weather: ServiceDefinition = {
  today: { path: "/course.Weather/Today", requestStream: false, responseStream: false, ...text },
  week: { path: "/course.Weather/Week", requestStream: false, responseStream: true, ...text },
};

const today: handleUnaryCall<string, string> = ({ request }, answer) => {
  if (request === "Atlantis") answer({ code: status.NOT_FOUND, details: "it has sunk" });
  else answer(null, `sun in ${request}`);
};
const week: handleServerStreamingCall<string, string> = (call) => {
  for (const day of ["Monday", "Tuesday", "Wednesday"]) call.write(`${day}: rain in ${call.request}`);
  call.end();
};
const server = new Server();
server.addService(weather, { today, week });
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
    if (error === null) resolve(bound);
    else reject(error);
  });
});

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: {
    rpc: { listen: "tcp://127.0.0.1:0", plugins: [http({ routes: [{ upstream: { endpoints: [`127.0.0.1:${port}`], http: "2" } }] })] },
  },
});

interface Weather extends Client {
  today(town: string, done: (error: ServiceError | null, answer?: string) => void): void;
  week(town: string): ClientReadableStream<string>;
}
const WeatherClient = makeGenericClientConstructor(weather, "Weather");
const client = new WeatherClient(`127.0.0.1:${proxy.listeners["rpc"]?.address.port}`, credentials.createInsecure()) as unknown as Weather;

const ask = (town: string): Promise<string> =>
  new Promise((resolve) => {
    client.today(town, (error, answer = "") => {
      resolve(error === null ? answer : `${status[error.code]}, ${error.details}`);
    });
  });

console.log(await ask("Lund"));
console.log(await ask("Atlantis"));
for await (const day of client.week("Lund")) console.log(String(day));

client.close();
await proxy.close();
server.forceShutdown();
