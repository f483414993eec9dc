import { expect } from "chai";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { openPage, startBrowser } from "../support/browser.ts";
import { nodeEnvironment } from "../support/cli.ts";
import { createCleanup, type Cleanup } from "../support/cleanup.ts";
import { requireTool } from "../support/external-tool.ts";
import { filesUnder, readText, root } from "../support/repository.ts";

const site = join(root, "dist/site/public");
const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/** The file that any web server has for an address: a folder's is its index. */
const fileAt = (path: string): string => join(site, path.endsWith("/") ? `${path}index.html` : path);
const isFile = (file: string): boolean => existsSync(file) && statSync(file).isFile();

const serveSite: RequestListener = (request, response) => {
  const file = fileAt(new URL(request.url ?? "/", "http://site").pathname);
  const isThere = isFile(file);
  response.writeHead(isThere ? 200 : 404, { "content-type": types[extname(file)] ?? "application/octet-stream" });
  response.end(isThere ? readFileSync(file) : "");
};

/** A server that knows nothing but files. */
async function startServer(cleanup: Cleanup): Promise<string> {
  const server: Server = createServer(serveSite);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  cleanup.add(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Every page by its address, and the headings and other places in it that a link may name. */
function placesOfPages(): ReadonlyMap<string, ReadonlySet<string>> {
  const pages = filesUnder("dist/site/public", ".html").map((file) => file.slice("dist/site/public".length));
  return new Map(
    pages.map((page) => [page, new Set(Array.from(readFileSync(fileAt(page), "utf8").matchAll(/ id="([^"]+)"/g), ([, id = ""]) => id))]),
  );
}

describe("the documentation as a built site", function () {
  // Half a minute of work for one processor, besides whatever else the machine does.
  this.timeout(600_000);
  const cleanup = createCleanup();

  before(async function () {
    try {
      const env = { ...process.env, ...nodeEnvironment };
      await promisify(execFile)(process.execPath, ["docs/site/build.mjs"], { cwd: root, env, timeout: 590_000 });
    } catch (error) {
      // Its tools come from the registry, once.
      if (process.env["CI"] === "true" || existsSync(join(root, "dist/site/node_modules/.installed"))) throw error;
      this.skip();
    }
  });

  afterEach(() => cleanup.run());

  it("has a page for each page and each entry point, and every link leads to a page and to a place in it", () => {
    const pages = placesOfPages();
    expect([...pages.keys()]).to.include.members(["/index.html", "/tutorial.html", "/plugins/retry.html", "/api/core/flow.html"]);
    const broken = new Set<string>();
    for (const page of pages.keys())
      for (const [, link = ""] of readFileSync(fileAt(page), "utf8").matchAll(/(?:href|src)="([^"]+)"/g)) {
        const { pathname, hash, host } = new URL(link, `http://site${page}`);
        const places = pages.get(pathname.replace(/\/$/, "/index.html"));
        const isThere = isFile(fileAt(decodeURIComponent(pathname))) && (hash === "" || places?.has(decodeURIComponent(hash.slice(1))));
        if (host === "site" && isThere !== true) broken.add(`${page}: ${link}`);
      }
    expect([...broken]).to.deep.equal([]);
  });

  it("draws the diagrams of a page, also of one that a link leads to", async function () {
    const file = requireTool(this, "chromium");
    const origin = await startServer(cleanup);
    const browser = await startBrowser(cleanup, file);
    const { page, complaints } = await openPage(browser);
    const diagramsIn = (path: string) => readText(path).split("```mermaid").length - 1;
    await page.goto(`${origin}/architecture.html`);
    await page
      .locator("pre.mermaid svg")
      .nth(diagramsIn("docs/architecture.md") - 1)
      .waitFor();
    await page.locator('a[href="/walk-of-a-session.html"]').first().click();
    await page.locator("h1#the-walk-of-a-session").waitFor();
    await page.locator("pre.mermaid svg").waitFor();
    expect(complaints).to.deep.equal([]);
  });

  it("finds a word of the reference in its search, and no page is wider than a phone", async function () {
    const file = requireTool(this, "chromium");
    const origin = await startServer(cleanup);
    const browser = await startBrowser(cleanup, file);
    const { page, complaints, requested } = await openPage(browser, { viewport: { width: 390, height: 844 } });
    for (const path of ["/", "/writing-a-plugin.html", "/plugins/retry.html", "/api/plugins/faults.html"]) {
      await page.goto(origin + path);
      const surplus = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect(surplus, path).to.equal(0);
    }
    await page.locator(".VPNavBarSearch button").first().click();
    await page.locator("#localsearch-input").fill("replaceBytes");
    await page.locator(".results .result").first().click();
    await page.locator("h3#replacebytes").waitFor();
    expect(page.url()).to.equal(`${origin}/api/core/flow.html#replacebytes`);
    expect(complaints).to.deep.equal([]);
    expect([...new Set(requested)]).to.deep.equal([origin]);
  });
});
