// DNS (RFC 1035): a name server, and clients that look names up through a proxy which remembers the answers.
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { decode, encode, AUTHORITATIVE_ANSWER } from "dns-packet";
import { createProxy } from "sluice";
import { dnsCache } from "sluice/plugins";

const addresses: Readonly<Record<string, string>> = { "www.course.test": "192.0.2.1", "mail.course.test": "192.0.2.25" };
const NAME_ERROR = 3;

let queries = 0;
const server = createSocket("udp4");
server.on("message", (message, from) => {
  queries += 1;
  const { id, questions = [] } = decode(message);
  const address = addresses[questions[0]?.name.toLowerCase() ?? ""];
  const answers = questions.flatMap(({ name }) => (address === undefined ? [] : [{ type: "A" as const, name, ttl: 60, data: address }]));
  const flags = AUTHORITATIVE_ANSWER | (address === undefined ? NAME_ERROR : 0);
  server.send(encode({ type: "response", id, flags, questions, answers }), from.port, from.address);
});
server.bind(0, "127.0.0.1");
await once(server, "listening");

const proxy = await createProxy({
  log: { level: "silent" },
  listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${server.address().port}`, plugins: [dnsCache()] } },
});

async function lookUp(name: string): Promise<string> {
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${proxy.listeners["dns"]?.address.port}`]);
  return resolver.resolve4(name).then(
    (found) => found.join(" "),
    (error: unknown) => String((error as NodeJS.ErrnoException).code),
  );
}

for (const name of ["www.course.test", "mail.course.test", "nobody.course.test"]) console.log(`${name}: ${await lookUp(name)}`);
const before = queries;
const again = await Promise.all(Array.from({ length: 10 }, () => lookUp("www.course.test")));
console.log(`${new Set(again).size} answer for ${again.length} clients, and ${queries - before} queries more`);

await proxy.close();
server.close();
