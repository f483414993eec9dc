import { socketTest, type Template } from "./template.ts";

/** Works on HTTP requests. */
export const http: Template = {
  what: "works on HTTP requests",
  uses: "http",
  source: ({ id }) => `import { definePlugin } from "sluice";
import { map, of } from "rxjs";
import { z } from "zod";

const schema = z.object({
  /** The path that this plugin answers itself, without the upstream. */
  path: z.string().startsWith("/").default("/health"),
});

// exchange() runs once for each request. Subscribing to attempt sends the request; it emits the response, whose body may still be coming.
export const ${id} = definePlugin(
  "${id}",
  ({ path }) => ({
    exchange: (attempt, request) =>
      request.url === path
        ? of({ status: 200, headers: { "content-type": "text/plain" }, body: "ok\\n" })
        : attempt.pipe(map((response) => ({ ...response, headers: { ...response.headers, "x-seen-by": "${id}" } }))),
  }),
  schema,
);
`,
  test: ({ id }, from, runner) =>
    socketTest(
      runner,
      `import assert from "node:assert/strict";
import { http } from "sluice/plugins";
import { startProxy, startUpstream } from "sluice/testing";
import { ${id} } from ${JSON.stringify(from)};
`,
      `it("${id} answers one path itself, and marks the other responses", async () => {
  const upstream = await startUpstream("http");
  const proxy = await startProxy({ upstream: upstream.address, plugins: [${id}({ path: "/up" }), http()] });
  try {
    const own = await fetch(\`http://127.0.0.1:\${proxy.port()}/up\`);
    assert.equal(await own.text(), "ok\\n");
    assert.equal(upstream.connections, 0);
    const passed = await fetch(\`http://127.0.0.1:\${proxy.port()}/other\`);
    assert.equal(passed.headers.get("x-seen-by"), "${id}");
    assert.match(await passed.text(), /\\/other/);
  } finally {
    await proxy.close();
    await upstream.close();
  }
});
`,
    ),
  listener: ({ id }) => `    // For your own server on port 3000. Try it: curl http://127.0.0.1:8080/health
    web: { listen: "tcp://127.0.0.1:8080", upstream: "localhost:3000", plugins: [${id}(), http()] },
`,
};
