import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import type { Cleanup } from "./cleanup.ts";

// The types of playwright-core speak of the DOM, which programs of Node do not have: these names stand for it.
declare global {
  interface Node {
    readonly nodeType: number;
  }
  interface Element extends Node {
    readonly tagName: string;
  }
  interface HTMLElement extends Element {
    readonly hidden: boolean;
  }
  interface SVGElement extends Element {
    readonly viewportElement: SVGElement | null;
  }
  interface HTMLElementTagNameMap {
    readonly html: HTMLElement;
  }
}

/** What went wrong in a page, and where it has asked for anything. */
export interface WatchedPage {
  readonly page: Page;
  /** Messages of its console that are errors or warnings, and uncaught errors. */
  readonly complaints: string[];
  readonly requested: string[];
}

/** A real Chromium, closed with the cleanup. @param file its program @param env instead of what the tests have, such as HOME @param more arguments */
export async function startBrowser(
  cleanup: Cleanup,
  file: string,
  env: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Promise<Browser> {
  // Inside a container, or as root, its own sandbox cannot be had.
  const browser = await chromium.launch({
    executablePath: file,
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...more],
    env: { ...process.env, ...env },
  });
  cleanup.add(() => browser.close());
  return browser;
}

/** A page in a context of its own: no storage is shared with another's. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options })).newPage();
  const complaints: string[] = [];
  const requested: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requested.push(new URL(request.url()).origin));
  page.setDefaultTimeout(15_000);
  return { page, complaints, requested };
}
